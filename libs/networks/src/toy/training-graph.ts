/** @file A training iteration of the 2D toy as one graph: its loss is about a score, so gradients go through a gradient (numerics, section 9). */
import { Graph, gradients } from "@tandem/graph";
import type { TrainingGraph } from "../edm2/training/training-graph.js";
import { TrainingLayers } from "../edm2/training/training-layers.js";
import type { ToyMlpConfig } from "./config.js";

/**
 * Builds the graph.
 * - Inputs: `x` [N,2], `sigma` [N], `score` [N,2], the true one; every trained tensor (`trained-tensor.ts`).
 * - Outputs: `loss` [N] = sigma² mean((score - network's score)²); `gradient/<name>` of every trained tensor.
 * @param batch      points N
 * @param lossFactor of the sum of the losses in what is differentiated: 1 / N
 */
export function toyTrainingGraph(config: ToyMlpConfig, batch: number, lossFactor: number): TrainingGraph {
  const g = new Graph();
  const layers = new TrainingLayers(g, batch);
  const x = g.input("x", [batch, 2]);
  const sigma = g.reshape(g.input("sigma", [batch]), [batch, 1]);
  const deviation = g.sqrt(g.shift(g.mul(sigma, sigma), config.sigmaData ** 2));
  const u = g.div(x, deviation);
  let y = g.pad(g.concat([u, g.scale(g.log(sigma), 1 / 4)], 1), 1, 1);
  for (let i = 0; i <= config.numLayers; i++)
    y = layers.linear(`layers.${2 * i}`, i === 0 ? y : g.silu(y), config.hiddenDim, {
      factor: i === 0 ? 1 : 1 / 0.596,
    });
  const strength = g.div(layers.gain("gain"), sigma);
  const energy = g.sub(
    g.mul(g.scale(g.rowSquares(y), 1 / config.hiddenDim), strength),
    g.scale(g.rowSquares(u), 1 / 2),
  );
  const [score] = gradients(g, energy, [x]);
  const error = g.sub(g.input("score", [batch, 2]), score!);
  const loss = g.mul(g.mul(sigma, sigma), g.scale(g.rowSquares(error), 1 / 2));
  g.output("loss", g.reshape(loss, [batch]));
  const values = layers.trained.map(({ value }) => value);
  for (const [i, gradient] of gradients(g, g.scale(loss, lossFactor), values).entries())
    g.output(`gradient/${layers.trained[i]!.tensor.name}`, gradient);
  const trained = layers.trained.map(({ tensor }) => tensor);
  return { graph: g, trained, buffers: layers.buffers, masks: new Map() };
}
