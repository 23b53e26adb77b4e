/** @file The sampler's configuration: its flags beside those that all services share, checked whole before anything starts. */
import { byteCount, type ConfigOf, configOf, count, type ServiceProgram, serverFlags, word } from "@tandem/rpc";
import { checkModelName } from "../models/model-name.js";

const { help: helpFlag, listen, ...protection } = serverFlags;

/** Every flag, in the order of the help. `--max-batch` is also TANDEM_MAX_BATCH; a repeatable one is a comma-separated list there. */
const flags = {
  listen,
  model: {
    value: "NAME=PATH",
    isRepeatable: true,
    help: "weights (a file, an https URI, an autoencoder's folder) and the name to serve them under",
    read: namedFile,
  },
  models: { value: "FOLDER", help: "serves every .safetensors, .pkl and .onnx file in it, named by its stem" },
  ready: {
    value: "WHEN",
    default: "loaded",
    help: "print the ready line once 'listening', or once the listed models are 'loaded' or failed",
    read: word("listening", "loaded"),
  },
  device: { value: "PROVIDER", default: "auto", help: "auto, cpu, webgpu[:n] or cuda[:n]" },
  "require-device": { help: "fail to load a model rather than fall back to another device" },
  threads: { value: "N", help: "cores that an evaluation on the CPU uses; all by default", read: count(1024) },
  "compute-type": {
    value: "TYPE",
    default: "float32",
    help: "arithmetic of the networks: float32 or float16",
    read: word("float32", "float16"),
  },
  "memory-budget": {
    value: "BYTES",
    help: "memory for networks, e.g. 4Gi; idle ones give way; unlimited by default",
    read: byteCount,
  },
  "max-batch": { value: "N", default: "64", help: "most samples in one call and one batch", read: count(65_536) },
  "queue-limit": {
    value: "N",
    default: "1024",
    help: "samples that may wait for one network; more are refused",
    read: count(1_000_000),
  },
  roots: {
    value: "FOLDER",
    isRepeatable: true,
    help: "folders that LoadModel may read, beside those of --model and --models",
  },
  "allow-https": { help: "LoadModel may download weights over https" },
  ...protection,
  help: helpFlag,
} as const;

/** The configuration, by the names of the flags. */
export type SamplerConfig = ConfigOf<typeof flags>;

/** The sampler as a program. */
export const program: ServiceProgram<typeof flags> = {
  name: "sampler",
  purpose:
    "Serves EDM2 networks and autoencoders: ModelService, DenoiserService, SamplerService and AutoencoderService of tandem.v1.",
  example: "sampler --listen 127.0.0.1:50051 --model net=net.safetensors --model gnet=gnet.safetensors --threads 2",
  flags,
};

/** The configuration of a command line. @throws DomainError FIELD_INVALID naming the flag, its value and what is allowed */
export const samplerConfig = (args: readonly string[], env: NodeJS.ProcessEnv): SamplerConfig =>
  configOf(program, args, env);

function namedFile(text: string): { readonly name: string; readonly path: string } {
  const [, model, path] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  const refusal = `must be NAME=PATH, NAME matching [a-z0-9][a-z0-9._-]*, not ${text}`;
  if (!model || !path) throw new Error(refusal);
  try {
    return { name: checkModelName(`models/${model}`, "name"), path };
  } catch (cause) {
    throw new Error(refusal, { cause });
  }
}
