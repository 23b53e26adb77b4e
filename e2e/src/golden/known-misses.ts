/** @file Comparisons that may miss their tolerance, each with its reason. Empty is the aim. */

/** A case, by the beginning of its line, and why it is not held against us; `bound` still holds. */
export interface KnownMiss {
  readonly section: string;
  readonly name: RegExp;
  readonly bound: number;
  readonly reason: string;
}

export const knownMisses: readonly KnownMiss[] = [
  {
    section: "digits/guidance-2",
    name: /: latents$/,
    bound: 2e-4,
    reason:
      "seed 2 amplifies the rounding of sums 1000 times: the reference itself lies 4.3e-5 from an evaluation in float64 (docs/decisions/030)",
  },
];
