/** @file The flags that services share: where and how they listen; where those with jobs keep them and what they may touch. */
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import type { Logger } from "pino";
import { type Channel, connect } from "../channel.js";
import type { GrpcOptions } from "../grpc-options.js";
import { formatHostPort, parseHostPort } from "../listen-address.js";
import { count, port } from "./flag-values.js";
import { type ConfigOf, type Flags, refuseFlag } from "./flags.js";

/** Of every service. */
export const serverFlags = {
  listen: { value: "HOST:PORT", default: "127.0.0.1:50051", help: "address to serve on; port 0 takes a free one" },
  token: {
    value: "TOKEN",
    isRepeatable: true,
    help: "bearer token that calls must carry; needed beyond loopback",
    read: (text: string) => {
      if (text.length < 8) throw new Error("must have at least 8 characters");
      return text;
    },
  },
  "tls-cert": { value: "FILE", help: "certificate chain of the server, PEM" },
  "tls-key": { value: "FILE", help: "private key of the server, PEM" },
  "tls-ca": { value: "FILE", help: "authority of client certificates, PEM: clients must then present one" },
  insecure: { help: "serve beyond loopback without TLS" },
  "metrics-port": {
    value: "PORT",
    help: "serve Prometheus metrics on http://HOST:PORT/metrics, HOST as in --listen",
    read: port,
  },
  help: { help: "print this and exit" },
} as const satisfies Flags;

/** Of every service whose work is jobs. */
export const jobFlags = {
  ...serverFlags,
  data: {
    value: "FOLDER",
    help: "the service's own folder: jobs, uploads, outputs without a place (default: by its name in TANDEM_HOME)",
  },
  roots: {
    value: "FOLDER",
    isRepeatable: true,
    help: "folders and https: prefixes that requests may read and write, beside its own folder",
  },
  threads: { value: "N", help: "cores that a job uses; all by default", read: count(1024) },
  "queue-limit": { value: "N", default: "100", help: "jobs that may wait; more are refused", read: count(1_000_000) },
} as const satisfies Flags;

/** Of services that use models of a gateway, and networks of their own. */
export const gatewayFlags = {
  device: {
    value: "PROVIDER",
    default: "auto",
    help: "where networks of files run: auto, cpu, webgpu[:n] or cuda[:n]",
  },
  gateway: { value: "HOST:PORT", help: "gateway whose models requests may name" },
  "gateway-token": { value: "TOKEN", help: "bearer token that the gateway asks for" },
} as const satisfies Flags;

/** A gateway that a service is a client of. */
export interface GatewayAddress {
  /** `HOST:PORT`. */
  readonly address: string;
  readonly token: string | undefined;
}

/** The gateway of a configuration. @throws DomainError FIELD_INVALID for a token without one */
export function gatewayOf(config: ConfigOf<typeof gatewayFlags>): GatewayAddress | undefined {
  const { gateway: address, "gateway-token": token } = config;
  if (token !== undefined && address === undefined) throw refuseFlag("gateway-token", "needs --gateway");
  return address === undefined ? undefined : { address, token };
}

/** A client's connection to a gateway. */
export const connectGateway = ({ address, token }: GatewayAddress): Channel =>
  connect(address, { name: `the gateway at ${address}`, ...(token !== undefined && { token }) });

/** A service's share of the configuration. */
export type ServerConfig = ConfigOf<typeof serverFlags>;
/** The share of a service with jobs. */
export type JobConfig = ConfigOf<typeof jobFlags>;

/** What a module with jobs is made of, by the names of its options. */
export interface JobServerOptions {
  readonly grpc: GrpcOptions;
  /** The service's own folder, absolute. */
  readonly folder: string;
  readonly roots: readonly string[];
  readonly threads: number;
  readonly queueLimit: number;
  readonly logger: Logger;
}

/** Options of the gRPC server. Metrics are served beside it, on the same host and under the same tokens. */
export function grpcOptions(config: ServerConfig, logger: Logger): GrpcOptions {
  const { listen, insecure, token: tokens, "metrics-port": metricsPort } = config;
  const { "tls-cert": cert, "tls-key": key, "tls-ca": ca } = config;
  const { host } = parseHostPort(listen, "listen");
  return {
    listen,
    insecure,
    tokens,
    logger,
    ...(cert && key && { tls: { cert, key, ...(ca && { ca }) } }),
    ...(metricsPort !== undefined && {
      metrics: { listen: formatHostPort({ host, port: metricsPort }), tokens, insecure },
    }),
  };
}

/** Options of a service with jobs. @param name of the service: of its folder, unless the configuration names one */
export function jobServerOptions(config: JobConfig, name: string, logger: Logger): JobServerOptions {
  return {
    grpc: grpcOptions(config, logger),
    folder: resolve(config.data ?? join(config.home, name)),
    roots: config.roots,
    threads: config.threads ?? availableParallelism(),
    queueLimit: config["queue-limit"],
    logger,
  };
}

/** Refuses certificates that are not whole. @throws DomainError FIELD_INVALID */
export function checkTls(config: ServerConfig): void {
  const hasCert = config["tls-cert"] !== undefined;
  if (hasCert !== (config["tls-key"] !== undefined))
    throw refuseFlag("tls-cert", "and --tls-key must be given together");
  if (config["tls-ca"] !== undefined && !hasCert) throw refuseFlag("tls-ca", "needs --tls-cert and --tls-key");
}
