/** @file Milliseconds as the contract's Duration and back. */
import type { Duration } from "./generated/google/protobuf/duration.js";

const NANOS_PER_SECOND = 1_000_000_000n;

/** @param ms 0 or more, rounded to whole nanoseconds */
export function toDuration(ms: number): Duration {
  const nanos = BigInt(Math.round(ms * 1e6));
  return { seconds: nanos / NANOS_PER_SECOND, nanos: Number(nanos % NANOS_PER_SECOND) };
}

/** Milliseconds; an absent duration is 0. */
export function toMilliseconds(duration: Duration | undefined): number {
  return duration ? Number(duration.seconds) * 1e3 + duration.nanos / 1e6 : 0;
}
