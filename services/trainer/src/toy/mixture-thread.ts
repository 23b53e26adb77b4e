/** @file Draws batches of the toy while the network trains on the one before. */
import { parentPort, workerData } from "node:worker_threads";
import type { TensorData } from "@tandem/formats";
import { Draws } from "../edm2/draws.js";
import { Mixture, type NoiseDistribution } from "./mixture.js";

/** What a thread is given. */
export interface MixtureTask extends NoiseDistribution {
  readonly tensors: ReadonlyMap<string, TensorData>;
  readonly batch: number;
  readonly seed: bigint;
}

const { tensors, batch, seed, ...noise } = workerData as MixtureTask;
const mixture = new Mixture(tensors, batch);
const draws = new Draws(seed);
parentPort!.on("message", (iteration: number) => {
  const { x, sigma, score } = mixture.draw(iteration, draws, noise);
  const copies = { x: x.slice(), sigma: sigma.slice(), score: score.slice() };
  parentPort!.postMessage(copies, [copies.x.buffer, copies.sigma.buffer, copies.score.buffer]);
});
