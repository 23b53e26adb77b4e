/** @file The toy's denoiser: the score of a learned log density (numerics, section 9). */
import { type ElementType, Graph, type Value } from "@tandem/graph";
import { mpSilu } from "../magnitude-preserving.js";
import { Parameters } from "../parameters.js";
import type { ToyMlpConfig } from "./config.js";

/**
 * log p(x; sigma) = mean(y²) gain / sigma - |u|²/2 with u = x / sqrt(sigma_data² + sigma²) and y = network(u, ln(sigma)/4, 1).
 * Inputs x [N,2], sigma [N]; outputs denoised = x + sigma² score [N,2], score [N,2], log_density [N].
 * The score is the gradient with respect to x, written out backwards below: layer by layer,
 *   y_k = W_k s(y_(k-1)),  s = silu / 0.596  =>  dy_(k-1) = (W_kᵀ dy_k) s'(y_(k-1)),  silu'(y) = p (1 + y (1 - p)), p = sigmoid(y).
 */
export function toyDenoiser(config: ToyMlpConfig, _type: ElementType) {
  const g = new Graph();
  const parameters = new Parameters(g);
  const activations = new Map<string, Value>();
  const x = g.input("x", ["N", 2]);
  const sigma = g.reshape(g.input("sigma", ["N"]), ["N", 1]);
  const variance = g.shift(g.mul(sigma, sigma), config.sigmaData ** 2);
  const deviation = g.sqrt(variance);
  const u = g.div(x, deviation);
  const features = g.pad(g.concat([u, g.scale(g.log(sigma), 1 / 4)], 1), 1, 1);

  // The reference keeps its layers in a list where activations count too: weights are layers 0, 2, 4, ...
  const hidden = config.hiddenDim;
  const weights = Array.from({ length: config.numLayers + 1 }, (_, i) =>
    parameters.weight(`layers.${2 * i}`, [hidden, i === 0 ? 4 : hidden], "float32"),
  );
  const outputs: Value[] = [];
  let y = features;
  weights.forEach((w, i) => {
    y = g.linear(i === 0 ? y : mpSilu(g, y), w);
    activations.set(`layers.${2 * i}`, y);
    outputs.push(y);
  });
  const strength = g.div(parameters.gain("gain"), sigma);
  const energy = g.sub(
    g.mul(g.scale(g.sum(g.mul(y, y), [1]), 1 / hidden), strength),
    g.scale(g.sum(g.mul(u, u), [1]), 1 / 2),
  );

  let gradient = g.mul(g.scale(y, 2 / hidden), strength);
  for (let i = weights.length - 1; i > 0; i--) {
    gradient = g.mul(g.matmul(gradient, weights[i]!), siluSlope(g, outputs[i - 1]!));
  }
  const fromFeatures = g.slice(g.matmul(gradient, weights[0]!), 1, 0, 2);
  const score = g.div(g.sub(fromFeatures, u), deviation);
  g.output("denoised", g.add(x, g.mul(score, g.mul(sigma, sigma))));
  g.output("score", score);
  g.output("log_density", g.reshape(energy, ["N"]));
  return { graph: g, specs: parameters.specs, activations };
}

/** Derivative of mpSilu. */
function siluSlope(g: Graph, y: Value): Value {
  const p = g.sigmoid(y);
  const slope = g.mul(p, g.shift(g.mul(y, g.shift(g.scale(p, -1), 1)), 1));
  return g.scale(slope, 1 / 0.596);
}
