/** @file What a solver is to the sampling loop. */

/** One step of a batch from noise level `sigma` down to `next`. All arrays have the length of the state. */
export interface Step {
  /** State at `sigma`; not changed. */
  readonly x: Float32Array;
  /** Receives the state at `next`; not `x`. May be used for intermediate states. */
  readonly out: Float32Array;
  /** Level of `x`, > next. */
  readonly sigma: number;
  /** Level to reach; 0 in the last step. */
  readonly next: number;
  /** D(x; sigma), a new array. Must be called at the levels of `Solver.levels`, in order, and no others. */
  evaluate(x: Float32Array, sigma: number): Promise<Float32Array>;
}

/** Takes one step; returns the last denoised estimate that it evaluated. Calls may not overlap. */
export type Stepper = (step: Step) => Promise<Float32Array>;

/**
 * A numerical integrator of dx/dsigma = (x - D(x; sigma)) / sigma. Elementwise arithmetic is float64 on float32 values,
 * rounded when stored: the same bytes on every machine and for any split of a batch.
 */
export interface Solver {
  /** Order of convergence: doubling the steps divides the error by 2^order. */
  readonly order: number;
  /** Whether fresh noise may be added between steps: not when a step uses the ones before it. */
  readonly takesChurn: boolean;
  /** Levels at which a step from `sigma` to `next` evaluates, in order. */
  levels(sigma: number, next: number): readonly number[];
  /** A stepper for one run over a state of `size` elements, with the buffers that it needs. */
  start(size: number): Stepper;
}
