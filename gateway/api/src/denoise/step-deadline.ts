/** @file How long an evaluation may take before its server counts as lost. */
import type { DeadlinePolicy } from "../config.js";
import type { Latencies } from "../registry/latencies.js";

/** Milliseconds: a multiple of what was measured, never less than the floor; generous while nothing was measured. */
export function stepDeadlineMs(policy: DeadlinePolicy, latencies: Latencies, model: string, batchSize: number): number {
  const expected = latencies.expect(model, batchSize);
  return expected ? Math.max(policy.stepFloorMs, policy.stepFactor * expected.p99Ms) : policy.firstStepMs;
}
