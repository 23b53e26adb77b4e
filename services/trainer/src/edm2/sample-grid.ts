/** @file Pictures of what a network in training can do: the Sampler's own loop over a few fixed seeds, side by side. */
import { drawBatch, localDenoiser, noiseLevels, sample, toPixels } from "@tandem/diffusion";
import { buildDenoiser, labelDim, sampleShape } from "@tandem/networks";
import { Runtime } from "@tandem/runtime";
import sharp from "sharp";
import type { TrainedNetwork } from "../run/trainee.js";
import { latentPictures } from "./latent-pictures.js";

/** Images of a grid: each seed is one, the same in every grid of a run, so that progress can be seen. */
const COUNT = 32;
const COLUMNS = 8;
/** Fewer than for final images: pictures are for people, and training waits meanwhile. */
const STEPS = 16;

/**
 * Samples of a network as one PNG, row by row. Classes follow each other, so that small datasets show all of theirs.
 * @param threads     that the network may use
 * @param autoencoder path of the weights of what decodes latents; without it they are shown by their first three channels
 * @throws DomainError NOT_FINITE when the network is broken
 */
export async function sampleGrid(network: TrainedNetwork, threads: number, autoencoder?: string): Promise<Uint8Array> {
  const { config, encoding } = network;
  const [shape, classes] = [sampleShape(config), labelDim(config)];
  const model = await buildDenoiser({ ...network, provenance: {}, digest: "", format: "memory" });
  const runtime = new Runtime({ threads });
  try {
    const evaluator = await runtime.load("preview", async () => model, { provider: "cpu", maxBatchSize: COUNT });
    const info = { name: "preview", sampleShape: shape, labelDim: classes, maxBatchSize: COUNT, weightsDigests: {} };
    const seeds = Array.from({ length: COUNT }, (_, seed) => seed);
    const labels = classes > 0 ? seeds.map((seed) => seed % classes) : undefined;
    const batch = drawBatch({ generator: "torch-cpu", seeds, sampleShape: shape, labelDim: classes, labels });
    const { samples } = await sample({
      denoiser: localDenoiser(info, evaluator),
      levels: noiseLevels({ steps: STEPS }),
      solver: "heun",
      noise: batch.noise,
      labels: batch.labels,
    });
    if (encoding.kind === "rgb") return await encodeGrid(toPixels(samples));
    return await encodeGrid(await latentPictures(samples, encoding, autoencoder, runtime));
  } finally {
    await runtime.close();
  }
}

async function encodeGrid({ width, height, data }: ReturnType<typeof toPixels>): Promise<Uint8Array> {
  const row = width * 3;
  const rows = COUNT / COLUMNS;
  const canvas = Buffer.alloc(data.length);
  for (let image = 0; image < COUNT; image++) {
    for (let y = 0; y < height; y++) {
      const from = (image * height + y) * row;
      const to = ((Math.floor(image / COLUMNS) * height + y) * COLUMNS + (image % COLUMNS)) * row;
      canvas.set(data.subarray(from, from + row), to);
    }
  }
  const raw = { width: width * COLUMNS, height: height * rows, channels: 3 as const };
  return sharp(canvas, { raw }).png().toBuffer();
}
