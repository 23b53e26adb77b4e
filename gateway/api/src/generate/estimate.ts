/** @file How long a generation will take, from what was measured. */
import { evaluationLevels } from "@tandem/diffusion";
import type { Composition } from "../sampling/composition.js";
import type { Place } from "../sampling/run-batch.js";
import type { Span } from "./batches.js";

/** Batches that are sampled at the same time: servers work on one while the other is on the wire. */
export const IN_FLIGHT = 2;

/**
 * Milliseconds; undefined when a model was not measured. Models on several servers work at the same time, so the slowest
 * counts; on one server one after the other.
 */
export function estimateMs(composition: Composition, spans: readonly Span[], place: Place): number | undefined {
  const steps = evaluationLevels({ ...composition.plan, levels: composition.levels }).length;
  let total = 0;
  for (const { start, end } of spans) {
    const times = composition.pools.map((pool) => {
      const [holder] = pool.holders();
      return holder?.server.latencies.expect(holder.model.name, end - start)?.medianMs;
    });
    const known = times.filter((time) => time !== undefined);
    if (known.length < times.length) return undefined;
    total += steps * (place === "per step" ? Math.max(...known) : known.reduce((sum, time) => sum + time, 0));
  }
  // What was measured is the time with another batch in flight, which therefore costs nothing more.
  return total / Math.min(IN_FLIGHT, spans.length);
}
