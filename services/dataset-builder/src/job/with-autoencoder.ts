/** @file An autoencoder in the process of a job. */
import { type OpenAutoencoder, openAutoencoder, readAutoencoder } from "@tandem/networks";
import { Runtime } from "@tandem/runtime";
import type { CodeInput, DatasetInput } from "./dataset-input.js";

/** Calls `use` with it. @throws DomainError of the weights (RESOURCE_NOT_FOUND, UNSAFE_FILE, MODEL_INCOMPATIBLE); what `use` throws */
export async function withAutoencoder<T>(
  { threads, operation }: DatasetInput<CodeInput>,
  use: (autoencoder: OpenAutoencoder) => Promise<T>,
): Promise<T> {
  const { autoencoder: path, batchSize } = operation;
  const runtime = new Runtime({ threads });
  try {
    const options = { provider: "cpu", maxBatchSize: batchSize };
    return await use(await openAutoencoder(runtime, "autoencoder", () => readAutoencoder(path), options));
  } finally {
    await runtime.close();
  }
}
