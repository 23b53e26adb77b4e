/** @file Runs a batch where it was decided to run, and elsewhere when servers are lost. */
import { SamplerServiceDefinition } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import type { ModelServer } from "../registry/model-server.js";
import type { Batch, BatchOptions, SampledBatch } from "./batch.js";
import type { Composition } from "./composition.js";
import { runPerStep } from "./per-step.js";
import { stepFacts } from "./step-facts.js";
import { runWholeLoop } from "./whole-loop.js";

/** Where a loop runs; "whole loop if possible" falls back to steps when the servers for it are lost. */
export type Place = "whole loop" | "whole loop if possible" | "per step";

/** The same bytes wherever it runs. A lost server is replaced by one with the same weights. */
export async function runBatch(
  composition: Composition,
  place: Place,
  batch: Batch,
  given: BatchOptions,
): Promise<SampledBatch> {
  const options = observed(composition, place, given);
  if (place === "per step") return runPerStep(composition, batch, options);
  const tried = new Set<ModelServer>();
  let last: DomainError | undefined;
  for (;;) {
    const home = composition.homes(SamplerServiceDefinition).find((server) => !tried.has(server));
    if (!home) break;
    try {
      return await runWholeLoop(composition, home, batch, options);
    } catch (error) {
      options.signal.throwIfAborted();
      if (!(error instanceof DomainError) || !isElsewhere(error)) throw error;
      tried.add(home);
      last = error;
    }
  }
  const isCovered = composition.pools.every((pool) => pool.holders().some(({ server }) => !tried.has(server)));
  if (place === "whole loop if possible" && isCovered) return runPerStep(composition, batch, options);
  throw last ?? composition.main.unavailable();
}

/** Tells the observers of every step before whoever asked for the batch. */
function observed(composition: Composition, place: Place, options: BatchOptions): BatchOptions {
  const { stepObservers } = composition;
  if (stepObservers.length === 0) return options;
  const onStep: BatchOptions["onStep"] = (step) => {
    const facts = stepFacts(composition, place, step);
    for (const observe of stepObservers) observe(facts);
    return options.onStep(step);
  };
  return { ...options, onStep };
}

/** The server's trouble, not the request's. */
function isElsewhere({ reason }: DomainError): boolean {
  return (
    reason === "SERVER_UNAVAILABLE" ||
    reason === "MODEL_NOT_READY" ||
    reason === "OUT_OF_MEMORY" ||
    reason === "QUEUE_FULL"
  );
}
