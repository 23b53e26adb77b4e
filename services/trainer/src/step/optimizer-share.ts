/** @file A thread's share of the optimizer: some rows of every tensor. */
import { openKernel } from "./kernel.js";
import { emaStride, SHARES_AT, type TensorPlace } from "./state-memory.js";

/** Rows of a tensor. */
export interface RowRange {
  readonly place: TensorPlace;
  readonly low: number;
  readonly high: number;
}

/** What is to be done. */
export type OptimizerCommand =
  /** The gradients of a round join those of the step. */
  | { readonly kind: "gather"; readonly isFirst: boolean }
  /** A further round begins, whose forward pass normalizes the stored weights again. */
  | { readonly kind: "force" }
  /** Weights were set: normalize them. */
  | { readonly kind: "project" }
  | {
      readonly kind: "update";
      /** Whether gradients come from `gather`. */
      readonly isGathered: boolean;
      readonly learningRate: number;
      readonly step: number;
      readonly emaBetas: readonly number[];
    };

/** Adam's constants (numerics, section 4). */
const [BETA1, BETA2, EPSILON] = [0.9, 0.99, 1e-8];

/** Does commands on its share. */
export class OptimizerShare {
  readonly #kernels;

  constructor(
    private readonly memories: readonly WebAssembly.Memory[],
    private readonly ranges: readonly RowRange[],
  ) {
    this.#kernels = memories.map(openKernel);
  }

  /** @returns gradient elements that were not finite */
  do(command: OptimizerCommand): number {
    if (command.kind === "update") return this.#update(command);
    for (const { place, low, high } of this.ranges) {
      const kernel = this.#kernels[place.memory]!;
      const { taps, outputs, channels, role } = place.tensor;
      const isWeight = role === "weight";
      const size = [low, high, taps, outputs, channels] as const;
      if (command.kind === "gather") {
        const arrays = [place.raw, place.round, place.gradient];
        kernel.gather(...size, Number(isWeight), ...arrays, Number(command.isFirst));
      } else if (isWeight) {
        if (command.kind === "force") kernel.force(...size, place.raw);
        kernel.project(...size, place.raw, place.w, place.rows);
      }
    }
    return 0;
  }

  #update({ learningRate, step, emaBetas, isGathered }: Extract<OptimizerCommand, { kind: "update" }>): number {
    for (const { buffer } of this.memories)
      new Float32Array(buffer, SHARES_AT, emaBetas.length).set(emaBetas.map((beta) => 1 - beta));
    const rate = learningRate / (1 - BETA1 ** step);
    const inverse = 1 / Math.sqrt(1 - BETA2 ** step);
    let broken = 0;
    for (const { place, low, high } of this.ranges) {
      const { tensor, raw, w, rows, gradient, m, v, ema, memory } = place;
      const { taps, outputs, channels, role } = tensor;
      const isWeight = role === "weight";
      const kernel = this.#kernels[memory]!;
      const arrays = [raw, gradient, m, v, ema, emaStride(tensor), emaBetas.length, SHARES_AT];
      const rates = [rate, inverse, EPSILON, 1 - BETA1, 1 - BETA2];
      broken += kernel.update(
        low,
        high,
        taps,
        outputs,
        channels,
        Number(isWeight),
        Number(isGathered),
        ...arrays,
        ...rates,
      );
      if (isWeight) kernel.project(low, high, taps, outputs, channels, raw, w, rows);
    }
    return broken;
  }
}
