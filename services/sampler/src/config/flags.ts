/** @file What can be said on the command line and in the environment: one row per flag, and the help made of them. */
import { parseArgs } from "node:util";
import { DomainError } from "@tandem/errors";

interface Flag {
  /** Placeholder of its value; absent for a switch. */
  readonly value?: string;
  readonly isRepeatable?: true;
  readonly default?: string;
  readonly help: string;
}

/** Every flag. `--max-batch` is also TANDEM_MAX_BATCH; a repeatable one is a comma-separated list there. */
export const flags = {
  listen: { value: "HOST:PORT", default: "127.0.0.1:50051", help: "address to serve on; port 0 takes a free one" },
  model: {
    value: "NAME=PATH",
    isRepeatable: true,
    help: "a weights file (or https URI) and the name to serve it under",
  },
  models: { value: "FOLDER", help: "serves every .safetensors, .pkl and .onnx file in it, named by its stem" },
  ready: {
    value: "WHEN",
    default: "loaded",
    help: "print the ready line once 'listening', or once the listed models are 'loaded' or failed",
  },
  device: { value: "PROVIDER", default: "auto", help: "auto, cpu, webgpu[:n] or cuda[:n]" },
  "require-device": { help: "fail to load a model rather than fall back to another device" },
  threads: { value: "N", help: "cores that an evaluation on the CPU uses; all by default" },
  "compute-type": { value: "TYPE", default: "float32", help: "arithmetic of the networks: float32 or float16" },
  "memory-budget": { value: "BYTES", help: "memory for networks, e.g. 4Gi; idle ones give way; unlimited by default" },
  "max-batch": { value: "N", default: "64", help: "most samples in one call and one batch" },
  "queue-limit": { value: "N", default: "1024", help: "samples that may wait for one network; more are refused" },
  roots: {
    value: "FOLDER",
    isRepeatable: true,
    help: "folders that LoadModel may read, beside those of --model and --models",
  },
  "allow-https": { help: "LoadModel may download weights over https" },
  token: { value: "TOKEN", isRepeatable: true, help: "bearer token that calls must carry; needed beyond loopback" },
  "tls-cert": { value: "FILE", help: "certificate chain of the server, PEM" },
  "tls-key": { value: "FILE", help: "private key of the server, PEM" },
  "tls-ca": { value: "FILE", help: "authority of client certificates, PEM: clients must then present one" },
  insecure: { help: "serve beyond loopback without TLS" },
  "metrics-port": { value: "PORT", help: "serve Prometheus metrics on http://HOST:PORT/metrics, HOST as in --listen" },
  help: { help: "print this and exit" },
} as const satisfies Record<string, Flag>;

/** Name of a flag. */
export type FlagName = keyof typeof flags;

/** Values as given, unchecked: texts, lists of texts, or true for a switch. */
export type FlagValues = Partial<Record<FlagName, string | boolean | string[]>>;

const table = Object.entries(flags) as [FlagName, Flag][];

/**
 * Reads the command line; the environment where it is silent.
 * @throws DomainError FIELD_INVALID for a flag that is unknown or lacks its value
 */
export function readFlags(args: readonly string[], env: NodeJS.ProcessEnv): FlagValues {
  const options = Object.fromEntries(
    table.map(([name, { value, isRepeatable = false }]) => [
      name,
      { type: value ? ("string" as const) : ("boolean" as const), multiple: isRepeatable },
    ]),
  );
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
    return { ...fromEnvironment(env), ...values };
  } catch (cause) {
    throw new DomainError("FIELD_INVALID", `${(cause as Error).message}; --help lists the flags`, { cause });
  }
}

/** The help text. */
export function help(): string {
  const rows = table.map(([name, { value, isRepeatable, default: otherwise, help: text }]) => {
    const facts = [isRepeatable && "repeatable", otherwise && `default ${otherwise}`].filter(Boolean).join(", ");
    return [`  --${name}${value ? ` ${value}` : ""}`, `${text}${facts ? ` (${facts})` : ""}`] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return [
    "Serves EDM2 networks: ModelService, DenoiserService and SamplerService of tandem.v1.",
    "",
    "Usage: sampler [flags]; --max-batch 8 is also TANDEM_MAX_BATCH=8, lists separated by commas.",
    "",
    ...rows.map(([left, right]) => left.padEnd(width) + right),
    "",
    "TANDEM_HOME is the state folder (default .tandem), TANDEM_LOG the log level, TANDEM_STOP_WITH_PARENT=1 ends the",
    "process with its standard input.",
    "",
    "Example: sampler --listen 127.0.0.1:50051 --model net=net.safetensors --model gnet=gnet.safetensors --threads 2",
    "",
  ].join("\n");
}

function fromEnvironment(env: NodeJS.ProcessEnv): FlagValues {
  const values: FlagValues = {};
  for (const [name, { value, isRepeatable }] of table) {
    const text = env[`TANDEM_${name.toUpperCase().replaceAll("-", "_")}`];
    if (text === undefined || text === "" || name === "help") continue;
    values[name] = !value ? text !== "0" && text !== "false" : isRepeatable ? text.split(",") : text;
  }
  return values;
}
