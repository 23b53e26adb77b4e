/** @file TLS and mTLS from PEM files. */
import { readFileSync } from "node:fs";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { ChannelCredentials, ServerCredentials } from "@grpc/grpc-js";
import { DomainError } from "@tandem/errors";

/** Files of a server's identity, PEM. */
export interface ServerTls {
  /** Certificate chain, the server's own first. */
  cert: string;
  /** Its private key. */
  key: string;
  /** Authority of clients. Given: clients must present a certificate signed by it (mTLS). */
  ca?: string;
}

/** Files by which a client knows a server, and itself; PEM. */
export interface ClientTls {
  /** Authority of the server's certificate. Absent: those that Node trusts. */
  ca?: string;
  /** Client certificate chain and key, for mTLS; both or none. */
  cert?: string;
  key?: string;
  /** Name to expect in the server's certificate, if it is not the address's. */
  serverName?: string;
}

/** @throws DomainError FIELD_INVALID naming the file that cannot be read or used */
export function serverCredentials(tls: ServerTls | undefined): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure();
  const pair = { cert_chain: read(tls.cert, "tls.cert"), private_key: read(tls.key, "tls.key") };
  const ca = tls.ca === undefined ? null : read(tls.ca, "tls.ca");
  checkUsable({ cert: pair.cert_chain, key: pair.private_key, ca: ca ?? undefined }, tls);
  return ServerCredentials.createSsl(ca, [pair], ca !== null);
}

/** @throws DomainError FIELD_INVALID naming the file that cannot be read or used */
export function channelCredentials(tls: ClientTls | undefined): ChannelCredentials {
  if (!tls) return ChannelCredentials.createInsecure();
  if ((tls.cert === undefined) !== (tls.key === undefined))
    throw new DomainError("FIELD_INVALID", "tls.cert and tls.key must be given together", { field: "tls" });
  const { ca, cert, key } = tls;
  const files = {
    ca: ca === undefined ? undefined : read(ca, "tls.ca"),
    cert: cert === undefined ? undefined : read(cert, "tls.cert"),
    key: key === undefined ? undefined : read(key, "tls.key"),
  };
  checkUsable(files, tls);
  return ChannelCredentials.createSsl(files.ca, files.key, files.cert);
}

function read(path: string, field: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new DomainError("FIELD_INVALID", `${field} is ${path}: ${(cause as Error).message}`, { field, cause });
  }
}

/** grpc-js would find out at the first connection, and not say which file. */
function checkUsable(context: SecureContextOptions, tls: ServerTls | ClientTls): void {
  try {
    createSecureContext(context);
  } catch (cause) {
    const files = Object.values(tls).join(", ");
    throw new DomainError(
      "FIELD_INVALID",
      `tls: no usable certificates and key in ${files}: ${(cause as Error).message}`,
      {
        field: "tls",
        cause,
      },
    );
  }
}
