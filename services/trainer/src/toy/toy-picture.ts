/** @file What a toy network can do, as a picture: its samples over the true density. */
import { type Denoiser, localDenoiser, noiseLevels, sample } from "@tandem/diffusion";
import { buildDenoiser, gaussianMixture, type Network } from "@tandem/networks";
import { Runtime } from "@tandem/runtime";
import sharp from "sharp";
import { Draws } from "../edm2/draws.js";
import type { TrainedNetwork } from "../run/trainee.js";
import { Mixture } from "./mixture.js";
import type { ToyPlan } from "./toy-plan.js";

/** Pixels along each side, and the part of the plane that they show. */
const SIZE = 384;
const EXTENT = 2;
const POINTS = 2048;
/** Sampling of the paper (numerics, section 9). */
const LEVELS = { steps: 32, sigmaMax: 5, sigmaMin: 0.002, rho: 7 };
/** Smoothing of the density that is drawn: about a pixel. */
const SIGMA = 0.01;

/** A PNG: the true density dark on white, samples as orange points. */
export async function toyPicture(
  { config, encoding, tensors }: TrainedNetwork,
  plan: ToyPlan,
  threads: number,
): Promise<Uint8Array> {
  const runtime = new Runtime({ threads });
  try {
    const load = async (name: string, network: Network) => {
      const model = await buildDenoiser(network);
      return runtime.load(name, async () => model, { provider: "cpu", maxBatchSize: POINTS });
    };
    const memory = { encoding, provenance: {}, digest: "", format: "memory" as const };
    const truth = await gaussianMixture({ classes: plan.classes, seed: 2, numComponents: 1016 * plan.classes.length });
    const density = await load("truth", truth);
    const evaluator = await load("net", { config, tensors, ...memory });
    const info = { name: "net", sampleShape: [2], labelDim: 0, maxBatchSize: POINTS, weightsDigests: {} };
    const points = await pointsOf(localDenoiser(info, evaluator), truth, plan);
    const pixels = new Uint8Array(3 * SIZE * SIZE).fill(255);
    for (let row = 0; row < SIZE; row++) {
      const x = new Float32Array(2 * SIZE);
      for (let column = 0; column < SIZE; column++) {
        x[2 * column] = toPlane(column);
        x[2 * column + 1] = -toPlane(row);
      }
      const { outputs } = await density.evaluate({
        count: SIZE,
        inputs: { x, sigma: new Float32Array(SIZE).fill(SIGMA) },
      });
      for (const [column, logDensity] of outputs.log_density!.entries())
        pixels.fill(
          255 - Math.min(150, 60 * Math.exp(logDensity / 2)),
          3 * (row * SIZE + column),
          3 * (row * SIZE + column + 1),
        );
    }
    for (let i = 0; i < POINTS; i++) {
      const [column, row] = [toPixel(points[2 * i]!), toPixel(-points[2 * i + 1]!)];
      if (column >= 0 && row >= 0 && column < SIZE && row < SIZE) pixels.set([224, 96, 16], 3 * (row * SIZE + column));
    }
    return await sharp(pixels, { raw: { width: SIZE, height: SIZE, channels: 3 } })
      .png()
      .toBuffer();
  } finally {
    await runtime.close();
  }
}

const toPlane = (pixel: number) => ((pixel + 0.5) / SIZE) * 2 * EXTENT - EXTENT;
const toPixel = (place: number) => Math.floor(((place + EXTENT) / (2 * EXTENT)) * SIZE);

/** Samples that begin as the true distribution at the highest noise level does. */
async function pointsOf(denoiser: Denoiser, truth: Network, { seed }: ToyPlan): Promise<Float32Array> {
  const start = new Mixture(truth.tensors, POINTS).draw(0, new Draws(seed), {
    pMean: Math.log(LEVELS.sigmaMax),
    pStd: 0,
  });
  const state = { shape: [POINTS, 2], data: start.x.slice() };
  const { samples } = await sample({ denoiser, levels: noiseLevels(LEVELS), solver: "heun", start: state });
  return samples.data;
}
