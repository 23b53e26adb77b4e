/** @file A mixture of Gaussians in the plane with exact score and density: the toy's ground truth (numerics, section 9). */
import { type ElementType, Graph, type Value } from "@tandem/graph";
import { Parameters } from "../parameters.js";
import type { GaussianMixtureConfig } from "./config.js";

/**
 * p(x; sigma) = sum_k phi_k N(x; mu_k, Sigma_k + sigma² I).
 * Tensors: phi [K] weights that sum to 1, mu [K,2], Sigma [K,2,2] symmetric.
 * With d = x - mu and the inverse of [[a,b],[b,c]] = [[c,-b],[-b,a]] / (ac - b²):
 *   log N = -½ (c dx² - 2b dx dy + a dy²)/det - ½ ln det - ln 2π,   score = -sum_k r_k Sigma_k⁻¹ d_k,   r = softmax(log(phi_k N_k)).
 * Inputs x [N,2], sigma [N]; outputs denoised = x + sigma² score [N,2], score [N,2], log_density [N].
 */
export function mixtureDenoiser(config: GaussianMixtureConfig, _type: ElementType) {
  const g = new Graph();
  const parameters = new Parameters(g);
  const count = config.numComponents;
  const x = g.input("x", ["N", 2]);
  const sigma = g.reshape(g.input("sigma", ["N"]), ["N", 1]);
  const variance = g.mul(sigma, sigma);
  const column = (value: Value, i: number) => g.reshape(g.slice(value, 1, i, i + 1), [1, count]);
  const mu = parameters.buffer("mu", [count, 2]);
  const covariance = g.reshape(parameters.buffer("Sigma", [count, 2, 2]), [count, 4]);
  const [dx, dy] = [0, 1].map((i) => g.sub(g.slice(x, 1, i, i + 1), column(mu, i))) as [Value, Value];
  const [a, c] = [0, 3].map((i) => g.add(column(covariance, i), variance)) as [Value, Value];
  const b = column(covariance, 1);
  const determinant = g.sub(g.mul(a, c), g.mul(b, b));
  const px = g.div(g.sub(g.mul(c, dx), g.mul(b, dy)), determinant);
  const py = g.div(g.sub(g.mul(a, dy), g.mul(b, dx)), determinant);
  const exponent = g.add(g.add(g.mul(dx, px), g.mul(dy, py)), g.log(determinant));
  const weights = g.reshape(parameters.buffer("phi", [count]), [1, count]);
  const logs = g.shift(g.add(g.scale(exponent, -1 / 2), g.log(weights)), -Math.log(2 * Math.PI));
  const shares = g.softmax(logs);
  const score = g.scale(
    g.concat(
      [px, py].map((p) => g.sum(g.mul(shares, p), [1])),
      1,
    ),
    -1,
  );
  g.output("denoised", g.add(x, g.mul(score, variance)));
  g.output("score", score);
  g.output("log_density", g.reshape(g.logSumExp(logs, 1), ["N"]));
  return { graph: g, specs: parameters.specs, activations: new Map<string, Value>() };
}
