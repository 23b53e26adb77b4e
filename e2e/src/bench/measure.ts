/** @file What a benchmark reports, and how times are taken on machines that are noisy. */

/** A result of one benchmark. */
export interface Measurement {
  readonly name: string;
  /** What was measured, in `unit`. */
  readonly value: number;
  readonly unit: string;
  /** Against the peer of the same run; absent where there is none. */
  readonly ratio?: number;
  /** What is aimed at, in words, e.g. "ratio >= 0.97". */
  readonly aim: string;
  readonly holds: boolean;
  /** What the peer is, or other facts. */
  readonly note?: string;
}

/** Median of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** Milliseconds that `work` takes. */
export async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/**
 * Times two ways of doing the same in turn, so that a machine whose speed drifts treats both alike.
 * @param burst calls in a row that make one measurement, after one that does not count: the other's data has left the caches
 * @returns median milliseconds of each call, and the median of the ratios peer / ours, pair by pair
 */
export async function paired(
  ours: () => Promise<unknown>,
  peer: () => Promise<unknown>,
  { rounds, burst = 1 }: { rounds: number; burst?: number },
): Promise<{ oursMs: number; peerMs: number; ratio: number }> {
  const pairs: Array<[number, number]> = [];
  for (let round = 0; round < rounds; round++) {
    // Whoever goes first changes from round to round: the threads of the one before still spin for a moment.
    if (round % 2 === 0) pairs.push([await inBurst(ours, burst), await inBurst(peer, burst)]);
    else pairs.push([await inBurst(peer, burst), await inBurst(ours, burst)].reverse() as [number, number]);
  }
  return {
    oursMs: median(pairs.map(([a]) => a)),
    peerMs: median(pairs.map(([, b]) => b)),
    ratio: median(pairs.map(([a, b]) => b / a)),
  };
}

async function inBurst(work: () => Promise<unknown>, burst: number): Promise<number> {
  await work();
  const all = await time(async () => {
    for (let i = 0; i < burst; i++) await work();
  });
  return all / burst;
}
