/** @file Statistics of latents over a dataset, per channel (numerics, section 8). */

/** Sums over latents, in an order that makes them the same however often the work was interrupted. */
export interface LatentSums {
  /** Latents summed up. */
  count: number;
  /** Sum of means, per channel. */
  readonly first: number[];
  /** Sum of squared means and squared deviations, per channel. */
  readonly second: number[];
}

/** Mean and standard deviation of raw latents, per channel. */
export interface LatentStatistics {
  readonly rawMean: readonly number[];
  readonly rawStd: readonly number[];
  readonly count: number;
}

/** @param channels latent channels: half of those stored */
export const noSums = (channels: number): LatentSums => ({
  count: 0,
  first: Array(channels).fill(0),
  second: Array(channels).fill(0),
});

/** Adds a stored latent [2 C, H, W]: the means of the posterior, then its standard deviations. */
export function addLatent(sums: LatentSums, stored: Float32Array): void {
  const channels = sums.first.length;
  const area = stored.length / (2 * channels);
  for (let c = 0; c < channels; c++) {
    let [first, second] = [0, 0];
    for (let i = c * area, j = (channels + c) * area; i < (c + 1) * area; i++, j++) {
      const [mean, std] = [stored[i]!, stored[j]!];
      first += mean;
      second += mean * mean + std * std;
    }
    sums.first[c]! += first / area;
    sums.second[c]! += second / area;
  }
  sums.count++;
}

/**
 * Mean and deviation of latents mean + std ε drawn from the posteriors, in expectation over ε: E[x] = E[mean],
 * E[x²] = E[mean² + std²]. No noise is drawn, so the figures have no sampling error.
 */
export function statisticsOf({ count, first, second }: LatentSums): LatentStatistics {
  const rawMean = first.map((sum) => sum / count);
  const rawStd = second.map((sum, c) => Math.sqrt(Math.max(0, sum / count - rawMean[c]! ** 2)));
  return { rawMean, rawStd, count };
}
