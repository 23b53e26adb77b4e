/** @file The stack's configuration: which servers there are, and which models each holds. */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { DomainError } from "@tandem/errors";
import { fileError } from "@tandem/formats";
import { parse } from "yaml";
import { z } from "zod";
import { device } from "../option-values.js";

const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,127}$/, "lower-case letters, digits, '.', '_' and '-'");
const address = z.string().regex(/^(\[[0-9a-f:]+\]|[^:\s]+):\d{1,5}$/i, "HOST:PORT");
const deviceName = z.string().refine(isDevice, "auto, cpu, cuda, webgpu, cuda:N or webgpu:N");

const sampler = z.strictObject({
  name,
  kind: z.literal("sampler"),
  /** Models to hold, by name: paths against this file, or URIs. */
  models: z.record(name, z.string()).default({}),
  /** Where networks run. */
  device: deviceName.optional(),
  /** Threads of this process. */
  threads: z.int().min(1).max(1024).optional(),
  /** Processors to pin it to, as taskset lists them: `0`, `0-3,6`. */
  cpus: z.coerce
    .string()
    .regex(/^\d+(-\d+)?(,\d+(-\d+)?)*$/, "processors such as 0-3,6")
    .optional(),
  /** Folders that models may be loaded from later; default the user's and the one that the stack is started in. */
  roots: z.array(z.string()).optional(),
  /** Address to listen on; default any free port of this machine. */
  listen: address.default("127.0.0.1:0"),
});

const jobService = z.strictObject({
  name,
  kind: z.enum(["trainer", "ema-reconstructor"]),
  /** Cores that a job uses; all by default. */
  threads: z.int().min(1).max(1024).optional(),
  /** Folders that requests may read and write; default the user's and the one that the stack is started in. */
  roots: z.array(z.string()).optional(),
  /** Its own folder: jobs, uploads; default by its name in the state folder. */
  data: z.string().optional(),
  listen: address.default("127.0.0.1:0"),
});

const datasetBuilder = jobService.extend({
  kind: z.literal("dataset-builder"),
  /** Where autoencoders run. */
  device: deviceName.optional(),
});

const metricEvaluator = jobService.extend({
  kind: z.literal("metric-evaluator"),
  /** Weights by detector: paths against this file, or URIs. */
  detectors: z.record(name, z.string()).default({}),
  /** Where detectors run. */
  device: deviceName.optional(),
});

const external = z.strictObject({
  name,
  /** A server that runs already, here or elsewhere. */
  address,
  /** Bearer token that it asks for. */
  token: z.string().optional(),
  /** Encrypted connection: true, or PEM files. */
  tls: z.union([z.literal(true), z.record(z.string(), z.string())]).optional(),
});

const schema = z.strictObject({
  /** Address of the gateway. */
  listen: address.optional(),
  /** More settings of the gateway, in its own words; paths absolute. */
  gateway: z.record(z.string(), z.unknown()).optional(),
  servers: z
    .array(z.union([sampler, jobService, datasetBuilder, metricEvaluator, external]))
    .min(1)
    .refine((servers) => new Set(servers.map((server) => server.name)).size === servers.length, "names must differ"),
});

/** A sampler process to start. */
export type SamplerConfig = z.infer<typeof sampler>;
/** A process to start whose work is jobs. */
export type JobServiceConfig = z.infer<typeof jobService>;
/** A process to start that makes datasets. */
export type DatasetBuilderConfig = z.infer<typeof datasetBuilder>;
/** A process to start that measures. */
export type MetricEvaluatorConfig = z.infer<typeof metricEvaluator>;
/** A server that is there already. */
export type ExternalConfig = z.infer<typeof external>;
/** The whole stack. Model paths are absolute or URIs. */
export type StackConfig = z.infer<typeof schema>;

/**
 * Reads a stack file.
 * @throws DomainError FIELD_INVALID naming file, field and what is allowed; RESOURCE_NOT_FOUND, URI_NOT_ALLOWED
 */
export async function readStackConfig(file: string): Promise<StackConfig> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw fileError(file, error);
  });
  const checked = schema.safeParse(parseYaml(text, file));
  if (!checked.success) throw refuse(file, checked.error);
  return withPathsFrom(checked.data, dirname(resolve(file)));
}

/** The same stack with its paths against a folder. */
function withPathsFrom(config: StackConfig, folder: string): StackConfig {
  const absolute = (path: string) => (/^https?:/i.test(path) ? path : resolve(folder, path));
  const models = (paths: Record<string, string>) =>
    Object.fromEntries(Object.entries(paths).map(([key, path]) => [key, absolute(path)]));
  return {
    ...config,
    servers: config.servers.map((server) => {
      if ("address" in server) return server;
      const roots = server.roots && { roots: server.roots.map((root) => resolve(folder, root)) };
      if (server.kind === "sampler") return { ...server, models: models(server.models), ...roots };
      const detectors = "detectors" in server && { detectors: models(server.detectors) };
      return {
        ...server,
        ...roots,
        ...detectors,
        ...(server.data !== undefined && { data: resolve(folder, server.data) }),
      };
    }),
  };
}

function parseYaml(text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new DomainError("FIELD_INVALID", `${file}: ${cause instanceof Error ? cause.message : "no YAML"}`, { cause });
  }
}

/** The issue that a person can act on: of a union's branches, the one for the kind that was written. */
function refuse(file: string, error: z.ZodError): DomainError {
  const issue = error.issues[0];
  const branches = issue?.code === "invalid_union" ? issue.errors.flat() : [];
  const inner = branches.find(
    (branch) => branch.path.length > 0 && branch.code !== "unrecognized_keys" && branch.path[0] !== "kind",
  );
  const path = [...(issue?.path ?? []), ...(inner?.path ?? [])];
  const field = path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "");
  const why = inner?.message ?? issue?.message ?? "invalid";
  return new DomainError("FIELD_INVALID", `${file}: ${field || "the file"}: ${why}`, { field });
}

function isDevice(text: string): boolean {
  try {
    return device(text) === text;
  } catch {
    return false;
  }
}
