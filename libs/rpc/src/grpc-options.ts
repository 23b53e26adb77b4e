/** @file What a server can be told. */
import type { ServerMiddleware } from "nice-grpc";
import type { Logger } from "pino";
import type { CallInfo } from "./call.js";
import type { MetricsOptions } from "./metrics-endpoint.js";
import type { ServerTls } from "./tls.js";

/** Injection token of GrpcOptions. */
export const GRPC_OPTIONS = Symbol("GrpcOptions");

/** Options of GrpcModule. */
export interface GrpcOptions {
  /** host:port; port 0 lets the system choose. Beyond loopback only with tokens, and TLS or `insecure`. */
  listen: string;
  /** Absent: clear text. With `ca`: clients need a certificate. */
  tls?: ServerTls;
  /** Bearer tokens that are accepted. None: calls need no token. Health and reflection never need one. */
  tokens?: readonly string[];
  /** Allow clear text beyond loopback. Default false. */
  insecure?: boolean;
  logger: Logger;
  /** Around every call of the application's services; the first is outermost. */
  middleware?: readonly ServerMiddleware<object, CallInfo>[];
  /** How long calls in progress may take to finish on shutdown, milliseconds. Default 10,000. */
  graceMs?: number;
  /** Prometheus metrics over HTTP. Absent: none are collected. */
  metrics?: MetricsOptions;
  /** FileDescriptorSet that reflection serves. Default: the contract's. */
  descriptorSet?: Uint8Array;
}
