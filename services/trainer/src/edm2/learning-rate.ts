/** @file The learning-rate schedule of EDM2 (arXiv 2312.02696, Eq. 67, and a linear ramp-up). */

/** A schedule. */
export interface LearningRate {
  /** The highest rate, alpha_ref. */
  readonly learningRate: number;
  /** Batches after which it decays, t_ref; 0 is never. */
  readonly decayBatches: number;
  /** Images of a step. */
  readonly batch: number;
  /** Images over which it ramps up; 0 is no ramp. */
  readonly rampupNimg: number;
}

/** Rate of the step that begins after `nimg` images: alpha_ref / sqrt(max(nimg / (t_ref batch), 1)) min(nimg / rampup, 1). */
export function learningRate(nimg: number, { learningRate, decayBatches, batch, rampupNimg }: LearningRate): number {
  const decay = decayBatches > 0 ? Math.sqrt(Math.max(nimg / (decayBatches * batch), 1)) : 1;
  const ramp = rampupNimg > 0 ? Math.min(nimg / rampupNimg, 1) : 1;
  return (learningRate / decay) * ramp;
}
