/** @file A connection to one server. */

import { isIP } from "node:net";
import { DomainError, invalid } from "@tandem/errors";
import { createChannel, type Channel as GrpcChannel } from "nice-grpc";
import { formatHostPort, isLoopback, parseHostPort } from "./listen-address.js";
import { type ClientTls, channelCredentials } from "./tls.js";
import { channelOptions, type Liveness, queueOneMessagePerStream } from "./transport.js";

/** How to reach a server. */
export interface ConnectOptions extends Liveness {
  /** What people call the server; in every error that is about it. Default: the address. */
  name?: string;
  /** Bearer token, sent with every call. */
  token?: string;
  /** `true`: TLS with the authorities that Node trusts. */
  tls?: ClientTls | true;
  /** Allow a token to travel in clear text beyond this machine. Default false. */
  insecure?: boolean;
}

/** A connection to a server: made by the first call, made again after a loss, shared by any number of clients and calls. */
export interface Channel extends Disposable {
  readonly name: string;
  readonly address: string;
  readonly token: string | undefined;
  /** For nice-grpc. */
  readonly grpc: GrpcChannel;
  /** No new calls. Those in progress go on until they end: their signals cancel them. */
  close(): void;
}

/**
 * Describes the connection; nothing is sent before the first call.
 * @param address host:port
 * @throws DomainError FIELD_INVALID: malformed address, unusable certificates, or a token that would travel in clear text
 */
export function connect(address: string, options: ConnectOptions = {}): Channel {
  const target = parseHostPort(address, "address");
  const local = target.host === "localhost" || (isIP(target.host) !== 0 && isLoopback(target.host));
  const { name = address, token, insecure = false } = options;
  const tls = options.tls === true ? {} : options.tls;
  if (token !== undefined && !tls && !local && !insecure)
    throw invalid(
      "address",
      address,
      "on this machine, or have TLS (or --insecure), since the token would travel in clear text",
    );
  // grpc-js would say so at the first call, with the token in its message.
  if (token !== undefined && !/^[\x20-\x7e]*$/.test(token))
    throw new DomainError("FIELD_INVALID", "the token has characters that a header cannot carry", { field: "token" });
  queueOneMessagePerStream();
  const grpc = createChannel(formatHostPort(target), channelCredentials(tls), {
    ...channelOptions(options),
    ...(tls?.serverName === undefined ? {} : { "grpc.ssl_target_name_override": tls.serverName }),
    ...(local ? { "grpc.enable_http_proxy": 0 } : {}),
  });
  const close = () => grpc.close();
  return { name, address, token, grpc, close, [Symbol.dispose]: close };
}
