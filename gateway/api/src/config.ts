/** @file Configuration of the gateway: one YAML file, checked whole before anything starts. Every default stands here. */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { DomainError } from "@tandem/errors";
import { parse } from "yaml";
import { z } from "zod";
import { isSegment } from "./names.js";

const positiveMs = (fallback: number) => z.number().positive().default(fallback);

/** PEM files, by path. */
const ServerTls = z.strictObject({
  /** Certificate chain, the gateway's own first. */
  cert: z.string(),
  /** Its private key. */
  key: z.string(),
  /** Authority of clients: they must then present a certificate signed by it. */
  ca: z.string().optional(),
});
const ClientTls = z.strictObject({
  /** Authority of the model server's certificate; absent means those that Node trusts. */
  ca: z.string().optional(),
  /** The gateway's certificate and key, where the model server asks for them; both or none. */
  cert: z.string().optional(),
  key: z.string().optional(),
  /** Name to expect in the server's certificate, if it is not the address's. */
  serverName: z.string().optional(),
});

const ServerEntry = z.strictObject({
  /** {server} of `servers/{server}`. */
  name: z.string().refine(isSegment, "must match [a-z0-9][a-z0-9._-]{0,127}"),
  /** host:port of the model server. */
  address: z.string().min(1),
  /** Text for people. */
  displayName: z.string().default(""),
  /** Bearer token that the server asks for. */
  token: z.string().optional(),
  /** Lets the token travel in clear text beyond this machine. */
  insecure: z.boolean().default(false),
  /** Encrypted connection: `true`, or files. */
  tls: z.union([z.literal(true).transform((): z.infer<typeof ClientTls> => ({})), ClientTls]).optional(),
  /** Services by full name, for a server without reflection. */
  services: z.array(z.string()).optional(),
});

const Limits = z.strictObject({
  /** Most images in one Generate. */
  maxImages: z.int().positive().max(10_000).default(10_000),
  /** Generations and Samples that run at once; more are QUEUE_FULL. */
  maxGenerations: z.int().positive().default(256),
});

/** When a server counts as lost. See the README. */
const Deadlines = z.strictObject({
  /** How often a server is asked for its health, milliseconds. */
  probeIntervalMs: positiveMs(1_000),
  /** A health question that stays unanswered this long makes the server unreachable: frozen, or cut off. */
  probeTimeoutMs: positiveMs(5_000),
  /** An evaluation may always take this long. */
  stepFloorMs: positiveMs(10_000),
  /** It may take this many times the 99th percentile measured, when that is more. */
  stepFactor: z.number().min(1).default(20),
  /** While nothing was measured it may take this long: the first evaluation of a large network on a slow device. */
  firstStepMs: positiveMs(600_000),
  /** How often a server is asked again for its models, milliseconds. */
  refreshIntervalMs: positiveMs(10_000),
  /** Loading a model may take this long, download included. */
  loadMs: positiveMs(3_600_000),
});

const Config = z.strictObject({
  /** host:port to listen on; port 0 takes a free one. */
  listen: z.string().default("127.0.0.1:8080"),
  /** Encryption of the gateway's own port: certificate and key, and an authority for client certificates. */
  tls: ServerTls.optional(),
  /** Tokens that clients may show. Needed for any address but loopback. */
  tokens: z.array(z.string().min(1)).default([]),
  /** Serves other addresses than loopback without TLS. */
  insecure: z.boolean().default(false),
  /** Prometheus metrics at http://HOST:PORT/metrics; absent means none. Asks for the same tokens. */
  metrics: z.strictObject({ listen: z.string() }).optional(),
  servers: z.array(ServerEntry).default([]),
  /** Files with the operator's own presets. */
  presets: z.array(z.string()).default([]),
  /** URIs of weights that begin with `from` are read from `to` instead: a mirror, a local copy. The first that fits counts. */
  rewrites: z.array(z.strictObject({ from: z.string().min(1), to: z.string() })).default([]),
  limits: Limits.prefault({}),
  deadlines: Deadlines.prefault({}),
});

/** The checked configuration; paths are absolute. */
export type GatewayConfig = z.infer<typeof Config>;
/** A configured server. */
export type ServerConfig = GatewayConfig["servers"][number];
/** When a server counts as lost. */
export type DeadlinePolicy = GatewayConfig["deadlines"];

/**
 * Checks a configuration; relative paths in it start at `folder`.
 * @param source  where it comes from, for errors: a file name, or "command line"
 * @throws DomainError FIELD_INVALID naming source, field and what is allowed
 */
export function parseConfig(content: unknown, folder: string, source: string): GatewayConfig {
  const result = Config.safeParse(content ?? {});
  if (!result.success) {
    const [issue] = result.error.issues;
    const field = issue?.path.join(".") ?? "";
    throw new DomainError("FIELD_INVALID", `${source}: ${field || "the file"}: ${issue?.message}`, { field });
  }
  const config = result.data;
  refuseRepeats(config.servers, source);
  const path = (file: string) => resolve(folder, file);
  return {
    ...config,
    ...(config.tls && { tls: absolute(config.tls, path) }),
    servers: config.servers.map((server) => ({ ...server, ...(server.tls && { tls: absolute(server.tls, path) }) })),
    presets: config.presets.map(path),
  };
}

/** Reads a configuration file; relative paths in it start at its folder. */
export async function readConfig(file: string): Promise<GatewayConfig> {
  const text = await readFile(file, "utf8").catch((cause: Error) => {
    throw new DomainError("FIELD_INVALID", `--config: ${file} cannot be read: ${cause.message}`, { cause });
  });
  return parseConfig(parseYaml(text, file), dirname(resolve(file)), file);
}

function parseYaml(text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new DomainError("FIELD_INVALID", `${file} is not YAML: ${(cause as Error).message}`, { cause });
  }
}

function absolute<T extends z.infer<typeof ClientTls>>(tls: T, path: (file: string) => string): T {
  const entries = Object.entries(tls).map(([key, text]) => [key, key === "serverName" || !text ? text : path(text)]);
  return Object.fromEntries(entries) as T;
}

function refuseRepeats(servers: readonly ServerConfig[], source: string): void {
  const seen = new Set<string>();
  for (const [index, { name }] of servers.entries()) {
    if (seen.has(name))
      throw new DomainError("FIELD_INVALID", `${source}: servers.${index}.name: ${name} stands for two servers`, {
        field: `servers.${index}.name`,
      });
    seen.add(name);
  }
}
