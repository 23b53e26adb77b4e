/** @file A step as TANDEM_DEBUG=2 shows it: noise level, weights, servers. */
import { SamplerServiceDefinition } from "@tandem/contracts";
import type { Composition } from "./composition.js";
import type { Place } from "./run-batch.js";

/** A step that is done. */
export interface StepFacts {
  /** Where its batch was to run. */
  readonly place: Place;
  /** Steps done, 1 to steps. */
  readonly step: number;
  readonly steps: number;
  /** Noise level that it began at, and the one that it reached. */
  readonly sigma: number;
  readonly next: number;
  /** Every model, the main one first: its weight at `sigma` (1: it was not called, or is the main one), and who can evaluate it. */
  readonly models: readonly { readonly model: string; readonly weight: number; readonly servers: readonly string[] }[];
}

/** Told of every step. */
export type StepObserver = (facts: StepFacts) => void;

/** Facts of a step. */
export function stepFacts(
  composition: Composition,
  place: Place,
  { step, steps, sigma: next }: { readonly step: number; readonly steps: number; readonly sigma: number },
): StepFacts {
  const { main, guides, levels } = composition;
  const sigma = levels[step - 1]!;
  const homes = place === "per step" ? undefined : composition.homes(SamplerServiceDefinition);
  const serversOf = (pool: typeof main) =>
    (homes ?? pool.holders().map(({ server }) => server)).map(({ name }) => name);
  const guiding = guides.map(({ pool, term: { weight, interval } }) => ({
    model: pool.reference,
    weight: sigma > interval.low && sigma <= interval.high ? weight : 1,
    servers: serversOf(pool),
  }));
  return {
    place,
    step,
    steps,
    sigma,
    next,
    models: [{ model: main.reference, weight: 1, servers: serversOf(main) }, ...guiding],
  };
}
