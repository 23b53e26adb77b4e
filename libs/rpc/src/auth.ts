/** @file Bearer tokens: checked before a call's first message is read. */
import { createHash, timingSafeEqual } from "node:crypto";
import { ServerInterceptingCall, type ServerInterceptor } from "@grpc/grpc-js";
import { DomainError } from "@tandem/errors";
import type { Logger } from "pino";
import { toCallStatus } from "./error-mapping.js";

/** Open to everybody: they say whether and what a server serves, and nothing of what it holds. */
const OPEN_SERVICES = /^\/grpc\.(health|reflection)\./;

/** Whether an `authorization` header carries one of the tokens. */
export type TokenCheck = (authorization: string | undefined) => boolean;

/**
 * Compares digests in constant time, against every token: neither a token's length nor its beginning shows in the answer's time.
 * @param tokens accepted tokens, at least one
 * @throws DomainError FIELD_INVALID: a token is empty, as from a variable that is not set, or not what a header can carry
 */
export function tokenCheck(tokens: readonly string[]): TokenCheck {
  for (const token of tokens)
    if (!/^[\x21-\x7e]+$/.test(token))
      throw new DomainError("FIELD_INVALID", "a token is empty or has spaces or other than ASCII in it", {
        field: "tokens",
      });
  const digests = tokens.map(digest);
  return (authorization) => {
    const given = digest(/^Bearer (.+)$/i.exec(authorization ?? "")?.[1] ?? "");
    return digests.reduce((found, accepted) => timingSafeEqual(accepted, given) || found, false);
  };
}

/** Refuses calls without an accepted token: UNAUTHENTICATED, reason TOKEN_REFUSED. Tokens are never logged. */
export function bearerTokens(tokens: readonly string[], logger: Logger): ServerInterceptor {
  const accepts = tokenCheck(tokens);
  return (method, call) =>
    new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata(metadata, forward) {
            const [authorization] = metadata.get("authorization");
            if (OPEN_SERVICES.test(method.path) || accepts(authorization?.toString())) return forward(metadata);
            const missing = authorization === undefined;
            logger.warn({ method: method.path, peer: call.getPeer(), missing }, "token refused");
            const what = missing ? "the call carries no token" : "the token is not accepted";
            call.sendStatus(toCallStatus(new DomainError("TOKEN_REFUSED", `${what}; set the server's token`)));
          },
        }),
    });
}

function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
