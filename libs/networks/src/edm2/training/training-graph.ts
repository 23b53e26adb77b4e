/**
 * @file A round of training as one graph: noisy images to the loss and its gradients (numerics, section 4). Weights come in
 * normalized, and gradients are those of normalized weights: the way through the normalization is the optimizer's, once a step.
 */
import { Graph, gradients, type Value } from "@tandem/graph";
import { mpFourier } from "../../magnitude-preserving.js";
import type { Edm2UnetConfig } from "../config.js";
import { planUnet } from "../plan.js";
import type { TrainedTensor } from "./trained-tensor.js";
import { type BlockNotes, sumFactors, trainingBlock } from "./training-block.js";
import { TrainingLayers } from "./training-layers.js";

/** What a graph computes with. */
export interface TrainingGraph {
  readonly graph: Graph;
  readonly trained: readonly TrainedTensor[];
  /** Stored tensors that are not trained, by state-dict name. */
  readonly buffers: ReadonlyMap<string, readonly number[]>;
  /** Dropout masks to feed, by input name: 0, or 1 / (1 - p). */
  readonly masks: ReadonlyMap<string, readonly number[]>;
}

/** How a round is made. */
export interface TrainingGraphOptions {
  /** Images of a round. */
  readonly batch: number;
  /** Of the sum of the loss map in what is differentiated: loss scaling / images of the step. */
  readonly lossFactor: number;
  /** Clips activations. Otherwise nothing is clipped, and the output `largest` says whether something should have been. */
  readonly isExact: boolean;
}

/**
 * Builds the graph.
 * - Inputs: `images` and `noise` [N,C,R,R], `sigma` [N], `labels` [N,L] (conditional networks), every trained tensor in training
 *   layout (`trained-tensor.ts`), buffers [1, C], masks.
 * - Outputs: `loss` [N,C,R,R], the loss map (eq. 21); `gradient/<name>` of every trained tensor, in its layout; unless exact and
 *   when the configuration clips, `largest`: the largest squared length of an activation's row. Not below clipAct², or not a
 *   number, the round must be done with the exact graph.
 */
export function edm2TrainingGraph(config: Edm2UnetConfig, options: TrainingGraphOptions): TrainingGraph {
  const { batch, lossFactor, isExact } = options;
  const { imgChannels, imgResolution: side, sigmaData } = config;
  const g = new Graph();
  const layers = new TrainingLayers(g, batch);
  const notes: BlockNotes = { squares: [], masks: new Map() };
  const shape = [batch, imgChannels, side, side];
  const images = g.input("images", shape);
  const sigma = g.reshape(g.input("sigma", [batch]), [batch, 1, 1, 1]);
  const noisy = g.add(images, g.mul(g.input("noise", shape), sigma));

  const squared = g.mul(sigma, sigma);
  const variance = g.shift(squared, sigmaData ** 2);
  const deviation = g.sqrt(variance);
  const noise = g.reshape(g.scale(g.log(sigma), 1 / 4), [batch, 1]);
  const f = trainedUnet(layers, config, notes, isExact, g.div(noisy, deviation), noise);
  const skip = g.div(noisy, g.scale(variance, 1 / sigmaData ** 2));
  const denoised = g.add(skip, g.mul(f, g.scale(g.div(sigma, deviation), sigmaData)));

  const error = g.sub(denoised, images);
  const weight = g.div(variance, g.scale(squared, sigmaData ** 2));
  const logvar = uncertainty(layers, config, noise);
  const loss = g.add(g.mul(g.div(weight, g.exp(logvar)), g.mul(error, error)), logvar);
  g.output("loss", loss);
  if (notes.squares.length > 0) g.output("largest", g.largest(notes.squares));
  const values = layers.trained.map(({ value }) => value);
  for (const [i, gradient] of gradients(g, g.scale(loss, lossFactor), values).entries())
    g.output(`gradient/${layers.trained[i]!.tensor.name}`, gradient);
  return { graph: g, trained: layers.trained.map(({ tensor }) => tensor), buffers: layers.buffers, masks: notes.masks };
}

/** F(x, c_noise, labels) of images [N,C,R,R], which are rows in between. */
function trainedUnet(
  layers: TrainingLayers,
  config: Edm2UnetConfig,
  notes: BlockNotes,
  isExact: boolean,
  x: Value,
  noise: Value,
): Value {
  const { g, batch } = layers;
  const { imgChannels, imgResolution: side, concatBalance } = config;
  const plan = planUnet(config);
  const embedding = embed(layers, config, noise, plan.noiseChannels, plan.embeddingChannels);
  const pixels = g.transpose(g.pad(x, 1, 1), [0, 2, 3, 1]); // a channel of ones, as the network has no biases
  let rows = g.reshape(pixels, [batch * side * side, imgChannels + 1]);
  rows = layers.conv(plan.first.name, rows, plan.first.channels);
  const skips = [rows];
  for (const each of plan.encoder) {
    rows = g.layer(each.name, () => trainingBlock(layers, config, each, rows, embedding, notes, isExact));
    skips.push(rows);
  }
  for (const each of plan.decoder)
    rows = g.layer(each.name, () => {
      const joined = each.skipChannels > 0 ? join(rows, skips.pop()!) : rows;
      return trainingBlock(layers, config, each, joined, embedding, notes, isExact);
    });
  const out = g.mul(layers.conv("unet.out_conv", rows, imgChannels), layers.gain("unet.out_gain"));
  return g.transpose(g.reshape(out, [batch, side, side, imgChannels]), [0, 3, 1, 2]);

  /** MP-cat of rows. (Eq. 103) */
  function join(a: Value, b: Value): Value {
    const [widthA, widthB] = [a.shape[1] as number, b.shape[1] as number];
    const [shareA, shareB] = sumFactors(concatBalance);
    const total = Math.sqrt(widthA + widthB);
    return g.concat(
      [g.scale(a, (total / Math.sqrt(widthA)) * shareA), g.scale(b, (total / Math.sqrt(widthB)) * shareB)],
      1,
    );
  }
}

/** Noise level and class as one vector a sample: [N, E]. */
function embed(layers: TrainingLayers, config: Edm2UnetConfig, noise: Value, from: number, to: number): Value {
  const { g, batch } = layers;
  const { labelDim, labelBalance } = config;
  const tables = ["freqs", "phases"].map((table) => layers.buffer(`unet.emb_fourier.${table}`, from));
  const fourier = mpFourier(g, noise, tables[0]!, tables[1]!);
  if (labelDim === 0) return g.scale(g.silu(layers.linear("unet.emb_noise", fourier, to)), 1 / 0.596);
  const [a, b] = sumFactors(labelBalance);
  const fromNoise = layers.linear("unet.emb_noise", fourier, to, { factor: a });
  const labels = g.input("labels", [batch, labelDim]);
  const sum = { factor: b * Math.sqrt(labelDim), addend: fromNoise };
  return g.scale(g.silu(layers.linear("unet.emb_label", labels, to, sum)), 1 / 0.596);
}

/** log variance of the loss as a function of the noise level: [N,1,1,1]. */
function uncertainty(layers: TrainingLayers, { logvarChannels }: Edm2UnetConfig, noise: Value): Value {
  const { g, batch } = layers;
  const tables = ["freqs", "phases"].map((table) => layers.buffer(`logvar_fourier.${table}`, logvarChannels));
  const fourier = mpFourier(g, noise, tables[0]!, tables[1]!);
  return g.reshape(layers.linear("logvar_linear", fourier, 1), [batch, 1, 1, 1]);
}
