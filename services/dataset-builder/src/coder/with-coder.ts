/** @file An autoencoder for the time of a job. */
import type { Coder, CoderPlace } from "./coder.js";
import { withLocalCoder } from "./local-coder.js";
import { withRemoteCoder } from "./remote-coder.js";

/** Calls `use` with it. @throws DomainError as the two kinds do; what `use` throws */
export function withCoder<T>(
  place: CoderPlace,
  { threads, batchSize }: { readonly threads: number; readonly batchSize: number },
  use: (coder: Coder) => Promise<T>,
): Promise<T> {
  if (place.kind === "model") return withRemoteCoder(place, use);
  return withLocalCoder({ ...place, threads, maxBatchSize: batchSize }, use);
}
