/** @file Latents as networks see them: every channel with the mean and standard deviation of the training data. */
import type { Encoding } from "../network.js";

/** Of raw latents, per channel: latent = (raw - rawMean) / rawStd * finalStd + finalMean. */
export type LatentStatistics = Pick<
  Extract<Encoding, { kind: "latent" }>,
  "rawMean" | "rawStd" | "finalMean" | "finalStd"
>;

/** Of Stability's ft-mse autoencoder over ImageNet, as EDM2 measured them (numerics, section 8). Of no other autoencoder. */
export const stabilityStatistics: LatentStatistics = {
  rawMean: [5.81, 3.25, 0.12, -2.15],
  rawStd: [4.17, 4.62, 3.71, 3.28],
  finalMean: 0,
  finalStd: 0.5,
};

/** Normalized latents of raw ones [N,L,h,w], in float32 steps as the reference takes them. */
export const normalizeLatents = (raw: Float32Array, statistics: LatentStatistics, area: number): Float32Array =>
  each(raw, statistics, area, (value, scale, bias) => Math.fround(value * scale) + bias);

/** Raw latents of normalized ones [N,L,h,w]. @param area h w */
export const restoreLatents = (latents: Float32Array, statistics: LatentStatistics, area: number): Float32Array =>
  each(latents, statistics, area, (value, scale, bias) => Math.fround(value - bias) / scale);

function each(
  values: Float32Array,
  { rawMean, rawStd, finalMean, finalStd }: LatentStatistics,
  area: number,
  apply: (value: number, scale: number, bias: number) => number,
): Float32Array {
  const scales = Float32Array.from(rawStd, (std) => finalStd / std);
  const biases = Float32Array.from(rawMean, (mean, c) => finalMean - Math.fround(mean) * scales[c]!);
  const result = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += area) {
    const channel = (start / area) % rawMean.length;
    const [scale, bias] = [scales[channel]!, biases[channel]!];
    for (let i = start; i < start + area; i++) result[i] = apply(values[i]!, scale, bias);
  }
  return result;
}
