/**
 * @file sampler/ and digits/: whole guided runs, from seeds to pixels: in this process; on one server that runs the whole
 * loop; and across two servers, step by step in the gateway. Each with all images in one batch, and one by one.
 */
import { drawBatch, guided, noiseLevels, sample, toPixels } from "@tandem/diffusion";
import { labelDim } from "@tandem/networks";
import { exact, type GoldenCase, type Outcome, relative } from "./case.js";
import type { GoldenFolder } from "./folder.js";
import { denoiser, networkByReference } from "./models.js";
import type { Run } from "./run.js";
import { Servers } from "./servers.js";

const LATENTS = 1e-5; // of the largest latent
const PIXELS = 5e-4; // share of values that may differ, each by 1

export const sampler = (folder: GoldenFolder) => runs(folder, "sampler");
export const digits = (folder: GoldenFolder) => runs(folder, "digits");

async function* runs(folder: GoldenFolder, top: string): AsyncGenerator<GoldenCase> {
  await using servers = new Servers(folder);
  for (const name of folder.names(top, ".json")) {
    if (!folder.has(top, `${name}.safetensors`)) continue;
    const run = folder.json<Run>(top, `${name}.json`);
    const section = `${top}/${name}`;
    const tensor = await folder.tensors(top, `${name}.safetensors`);
    const { shape, data: expected } = tensor("latents");
    const network = await networkByReference(folder, run.net, run.net);
    const batch = draw(run, shape.slice(1), labelDim(network.config));
    yield { section, name: "start noise", run: async () => exact(batch.noise.data, tensor("noise").data) };
    if (batch.labels !== undefined) {
      const labels = batch.labels.data;
      yield { section, name: "labels", run: async () => exact(labels, tensor("labels").data) };
    }
    const methods: Record<string, () => Promise<Float32Array>> = {
      "in process": () => inProcess(folder, run, run.seeds, shape),
      "in process, one by one": () => oneByOne(run.seeds, (seeds) => inProcess(folder, run, seeds, shape)),
      "one server, whole loop, batch 32": () => servers.generate(run, "whole loop", 32),
      "one server, whole loop, batch 1": () => servers.generate(run, "whole loop", 1),
      "two servers, per step, batch 32": () => servers.generate(run, "per step", 32),
      "two servers, per step, batch 1": () => servers.generate(run, "per step", 1),
    };
    for (const [method, latentsOf] of Object.entries(methods)) {
      let latents: Promise<Float32Array> | undefined;
      const ours = () => (latents ??= latentsOf());
      yield { section, name: `${method}: latents`, run: async () => relative(await ours(), expected, LATENTS) };
      yield {
        section,
        name: `${method}: pixels`,
        run: async () => pixels(toPixels({ shape, data: await ours() }, "chw").data, tensor("images").data),
      };
    }
  }
}

function draw(run: Run, sampleShape: readonly number[], width: number, seeds = run.seeds) {
  const fixed = run.class_idx ?? undefined;
  const labels = fixed === undefined ? undefined : [fixed];
  const { noise, ...rest } = drawBatch({ generator: "torch-cpu", seeds, sampleShape, labelDim: width, labels });
  return { noise: noise!, ...rest };
}

async function inProcess(folder: GoldenFolder, run: Run, seeds: readonly number[], shape: readonly number[]) {
  const net = await denoiser(await networkByReference(folder, run.net, run.net), "net");
  const weight = run.guidance ?? 1;
  const terms =
    run.gnet && weight !== 1
      ? [{ denoiser: await denoiser(await networkByReference(folder, run.gnet, run.net), "gnet"), weight }]
      : [];
  const { noise, labels, generators } = draw(run, shape.slice(1), net.info.labelDim, [...seeds]);
  const churn = {
    amount: run.S_churn ?? 0,
    sigmaMin: run.S_min ?? 0,
    sigmaMax: run.S_max ?? Number.POSITIVE_INFINITY,
    noiseScale: run.S_noise ?? 1,
  };
  const levels = noiseLevels({ steps: run.num_steps, sigmaMin: run.sigma_min, sigmaMax: run.sigma_max, rho: run.rho });
  const { samples } = await sample({
    denoiser: guided(net, terms),
    levels,
    solver: "heun",
    churn,
    noise,
    labels,
    generators,
  });
  return samples.data;
}

async function oneByOne(seeds: readonly number[], one: (seeds: readonly number[]) => Promise<Float32Array>) {
  const parts: Float32Array[] = [];
  for (const seed of seeds) parts.push(await one([seed]));
  const all = new Float32Array(parts.reduce((size, part) => size + part.length, 0));
  parts.forEach((part, i) => {
    all.set(part, i * part.length);
  });
  return all;
}

/** Values may differ by 1, and few of them. */
function pixels(ours: Uint8Array, expected: ArrayLike<number>): Outcome {
  let different = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(ours[i]! - expected[i]!);
    if (difference > 1) return { error: Number.POSITIVE_INFINITY, tolerance: PIXELS };
    different += difference;
  }
  return { error: different / expected.length, tolerance: PIXELS };
}
