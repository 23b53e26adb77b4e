/** @file Networks of the golden folder, running here. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Denoiser, localDenoiser } from "@tandem/diffusion";
import { readSafetensors } from "@tandem/formats";
import {
  type BuildOptions,
  buildDenoiser,
  labelDim,
  type Network,
  type NetworkConfig,
  networkConfig,
  readNetwork,
  sampleShape,
} from "@tandem/networks";
import { type Evaluator, type ModelSource, Runtime } from "@tandem/runtime";
import type { GoldenFolder } from "./folder.js";

const runtime = new Runtime();
let loaded = 0;

/** Ends the threads of all networks. */
export const closeNetworks = (): Promise<void> => runtime.close();

/** The reference's settings of a U-Net, in its own spelling. */
export function unetConfig(settings: Record<string, unknown>): NetworkConfig {
  const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const fields = Object.entries(settings).map(([name, value]) => [camel(name), value]);
  return networkConfig({ kind: "edm2_unet", ...Object.fromEntries(fields) });
}

/** The architecture of `network/NAME` with its own weights, or with those of another file. */
export async function goldenNetwork(folder: GoldenFolder, name: string, weights?: string): Promise<Network> {
  const path = weights ? folder.path(weights) : folder.path("network", name, "weights.safetensors");
  const { tensors } = await readSafetensors(path);
  return {
    config: unetConfig(folder.json("network", name, "config.json")),
    tensors,
    encoding: { kind: "rgb" },
    provenance: {},
    digest: `sha256:${createHash("sha256").update(readFileSync(path)).digest("hex")}`,
    format: "memory",
  };
}

/** A network as the golden files name it: `network/NAME`, a pickle, or bare weights of the architecture `like`. */
export function networkByReference(folder: GoldenFolder, reference: string, like: string): Promise<Network> {
  const [, name] = /^network\/([^/]+)$/.exec(reference) ?? [];
  if (name) return goldenNetwork(folder, name);
  const [, architecture] = /^network\/([^/]+)$/.exec(like) ?? [];
  if (architecture && reference.endsWith(".safetensors")) return goldenNetwork(folder, architecture, reference);
  return readNetwork(folder.path(reference));
}

/** Loads a graph on the CPU; it stays until the process ends. */
export const evaluatorOf = (source: ModelSource): Promise<Evaluator> =>
  runtime.load(`golden-${loaded++}`, source, { provider: "cpu", maxBatchSize: 4096 });

/** Loads a network on the CPU. */
export const evaluator = (network: Network, options: BuildOptions = {}): Promise<Evaluator> =>
  evaluatorOf(() => buildDenoiser(network, options));

/** A network as a denoiser. */
export async function denoiser(network: Network, name: string): Promise<Denoiser> {
  const running = await evaluator(network);
  const info = {
    name,
    sampleShape: sampleShape(network.config),
    labelDim: labelDim(network.config),
    maxBatchSize: running.maxBatchSize,
    weightsDigests: { [name]: network.digest },
  };
  return localDenoiser(info, running);
}
