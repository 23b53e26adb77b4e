/** @file EDM2's magnitude-preserving building blocks (arXiv 2312.02696; numerics, section 2). */
import { fixed, type Graph, type Value } from "@tandem/graph";

/** MP-SiLU: silu(x) / 0.596, the rms of silu on N(0,1). (Eq. 81) */
export const mpSilu = (g: Graph, x: Value): Value => g.scale(g.silu(x), 1 / 0.596);

/** MP-sum: ((1-t) a + t b) / sqrt((1-t)^2 + t^2). (Eq. 88) */
export const mpSum = (g: Graph, a: Value, b: Value, t: number): Value =>
  g.scale(g.lerp(a, b, t), 1 / Math.sqrt((1 - t) ** 2 + t ** 2));

/** MP-cat along channels: each part weighted so that both contribute by t whatever their widths. (Eq. 103) */
export function mpCat(g: Graph, a: Value, b: Value, t: number): Value {
  const [widthA, widthB] = [fixed(a.shape, 1), fixed(b.shape, 1)];
  const total = Math.sqrt((widthA + widthB) / ((1 - t) ** 2 + t ** 2));
  const parts = [g.scale(a, (total / Math.sqrt(widthA)) * (1 - t)), g.scale(b, (total / Math.sqrt(widthB)) * t)];
  return g.concat(parts, 1);
}

/** MP-Fourier: sqrt(2) cos(x freqs + phases); x [N,1], tables [C] -> [N,C]. (Eq. 75) */
export const mpFourier = (g: Graph, x: Value, freqs: Value, phases: Value): Value =>
  g.scale(g.cos(g.add(g.mul(x, freqs), phases)), Math.SQRT2);
