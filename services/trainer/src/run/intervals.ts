/** @file When something is due in a run. */

/** Units between two of a kind; 0 is never. */
export interface Intervals {
  readonly status: number;
  readonly snapshot: number;
  readonly checkpoint: number;
  readonly preview: number;
}

/** Whether something is due after a step that led to `done`. Steps divide every interval, so it is hit exactly. */
export const isDue = (interval: number, done: number): boolean => interval > 0 && done % interval === 0;
