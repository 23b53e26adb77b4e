/** @file Runs a batch where it was decided to run, and elsewhere when servers are lost. */
import { SamplerServiceDefinition } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import type { ModelServer } from "../registry/model-server.js";
import type { Batch, BatchOptions, SampledBatch } from "./batch.js";
import type { Composition } from "./composition.js";
import { runPerStep } from "./per-step.js";
import { runWholeLoop } from "./whole-loop.js";

/** Where a loop runs; "whole loop if possible" falls back to steps when the servers for it are lost. */
export type Place = "whole loop" | "whole loop if possible" | "per step";

/** The same bytes wherever it runs. A lost server is replaced by one with the same weights. */
export async function runBatch(
  composition: Composition,
  place: Place,
  batch: Batch,
  options: BatchOptions,
): Promise<SampledBatch> {
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

/** The server's trouble, not the request's. */
function isElsewhere({ reason }: DomainError): boolean {
  return (
    reason === "SERVER_UNAVAILABLE" ||
    reason === "MODEL_NOT_READY" ||
    reason === "OUT_OF_MEMORY" ||
    reason === "QUEUE_FULL"
  );
}
