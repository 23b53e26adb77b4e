/** @file Where a run is. Random numbers and data order follow from the seed and `done`, so this is all beside the tensors. */
import { invalid } from "@tandem/errors";

/** What a run has behind it. */
export interface RunPosition {
  /** Units done: images, or iterations of the toy. */
  readonly done: number;
  /** Statuses so far. */
  readonly tick: number;
  /** Time at work over all attempts, seconds. */
  readonly runSeconds: number;
}

/** A run that has done nothing. */
export const beginning: RunPosition = { done: 0, tick: 0, runSeconds: 0 };

/** A position from a file. @throws DomainError FIELD_INVALID */
export function checkPosition(value: unknown, path: string): RunPosition {
  const { done, tick, runSeconds } = (value ?? {}) as Record<keyof RunPosition, unknown>;
  if (!Number.isSafeInteger(done) || (done as number) < 0)
    throw invalid(`${path}.done`, done, "a whole number from 0 on");
  if (!Number.isSafeInteger(tick) || (tick as number) < 0)
    throw invalid(`${path}.tick`, tick, "a whole number from 0 on");
  if (typeof runSeconds !== "number" || !(runSeconds >= 0))
    throw invalid(`${path}.runSeconds`, runSeconds, "a number from 0 on");
  return { done, tick, runSeconds } as RunPosition;
}
