/** @file One HTTP request: guarded addresses, guarded redirects, every failure as a DomainError. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import { DomainError } from "@tandem/errors";
import { refused, showUri } from "../uri.js";
import { checkAddress, guardedLookup, type NetworkPolicy } from "./address.js";

const maxRedirects = 5;
/** Silence after which a connection counts as cut. */
const idleMs = 30_000;

// Own agents: a connection kept alive by somebody else could lead past the address check.
const httpAgent = new HttpAgent({ keepAlive: false });
const httpsAgent = new HttpsAgent({ keepAlive: false });

/** What to ask for. */
export interface HttpRequest {
  readonly method: "GET" | "HEAD";
  readonly headers: Record<string, string>;
  readonly policy: NetworkPolicy;
  readonly signal?: AbortSignal;
}

/**
 * Sends a request and follows redirects, each checked like the first address; from https: only to https:.
 * @returns the response with its body unread: 200, 206 or 416
 * @throws DomainError RESOURCE_NOT_FOUND (404, 410, no such host), URI_NOT_ALLOWED (addresses, 401, 403, certificates),
 * SERVER_UNAVAILABLE (may work later: 5xx, 429, broken connections), NOT_SUPPORTED (encoded content)
 */
export async function sendRequest(url: URL, request: HttpRequest): Promise<IncomingMessage> {
  let at = url;
  for (let hops = 0; hops <= maxRedirects; hops++) {
    const response = await sendOnce(at, request);
    const status = response.statusCode ?? 0;
    if (status === 200 || status === 206 || status === 416) {
      const encoding = response.headers["content-encoding"] ?? "identity";
      if (encoding === "identity") return response;
      response.destroy();
      throw new DomainError("NOT_SUPPORTED", `${showUri(at)}: sent as ${encoding}, though plain bytes were asked for`);
    }
    const location = response.headers.location;
    response.destroy();
    if (![301, 302, 303, 307, 308].includes(status) || location === undefined) throw statusError(at, status);
    at = redirectTarget(at, location);
  }
  throw refused(showUri(url), `more than ${maxRedirects} redirects`);
}

function redirectTarget(from: URL, location: string): URL {
  if (!URL.canParse(location, from.href)) throw refused(showUri(from), "redirects to something that is no URI");
  const target = new URL(location, from);
  if (target.protocol !== from.protocol && target.protocol !== "https:")
    throw refused(showUri(from), `redirects to ${target.protocol}//${target.host}; only https: is followed`);
  if (target.username || target.password) throw refused(showUri(from), "redirects to a URI with a password");
  return target;
}

function sendOnce(url: URL, { method, headers, policy, signal }: HttpRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const host = url.hostname.replace(/^\[|\]$/g, "");
    // No lookup happens for an address in the URI itself. Protocols are checked in either case.
    if (isIP(host)) checkAddress(host, host, url.protocol, policy);
    else if (url.protocol !== "https:" && !policy.allowLoopbackHttp)
      throw refused(showUri(url), "only https: is allowed");
    const isTls = url.protocol === "https:";
    const call = (isTls ? httpsRequest : httpRequest)(url, {
      method,
      headers: { "user-agent": "tandem", "accept-encoding": "identity", ...headers },
      agent: isTls ? httpsAgent : httpAgent,
      lookup: guardedLookup(url.protocol, policy),
      timeout: idleMs,
      signal,
    });
    call.once("timeout", () => call.destroy(timeout()));
    call.once("response", resolve);
    call.once("error", (error) => reject(connectionError(url, error, signal)));
    call.end();
  });
}

function timeout(): Error {
  return Object.assign(new Error(`no byte for ${idleMs / 1000} s`), { code: "ETIMEDOUT" });
}

/** What a broken or refused connection means. */
export function connectionError(url: URL, error: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason;
  const isNetworkError = typeof error === "object" && error !== null && "code" in error;
  if (error instanceof DomainError || !isNetworkError) return error;
  const code = String(error.code);
  // When several addresses were tried, Node's error has a code alone.
  const text = "message" in error ? String(error.message) : "";
  const shown = showUri(url);
  if (code === "ENOTFOUND")
    return new DomainError("RESOURCE_NOT_FOUND", `${shown}: no such host`, { resource: shown, cause: error });
  if (/CERT|SELF_SIGNED|VERIFY/.test(code)) return refused(shown, `its certificate is not trusted (${code})`);
  return new DomainError("SERVER_UNAVAILABLE", `${shown}: ${text || code}`, {
    resource: shown,
    metadata: { server: url.host },
    cause: error,
  });
}

function statusError(url: URL, status: number): DomainError {
  const shown = showUri(url);
  const message = `${shown}: the server answers ${status}`;
  const details = { resource: shown, metadata: { server: url.host } };
  if (status === 404 || status === 410) return new DomainError("RESOURCE_NOT_FOUND", message, details);
  if (status >= 500 || status === 429 || status === 408) return new DomainError("SERVER_UNAVAILABLE", message, details);
  return new DomainError("URI_NOT_ALLOWED", message, details);
}
