/** @file An autoencoder of a file, in this process. */
import { downscaleOf, openAutoencoder, readAutoencoder } from "@tandem/networks";
import { Runtime } from "@tandem/runtime";
import type { Coder } from "./coder.js";

/** How it is run. */
export interface LocalCoderOptions {
  /** Weights file, or folder of them. */
  readonly path: string;
  /** `auto`, `cpu`, `webgpu`, `cuda`, with `:n`. Who names one does not get another. */
  readonly provider: string;
  readonly threads: number;
  readonly maxBatchSize: number;
}

/** Calls `use` with it. @throws DomainError of the weights or the device (PROVIDER_UNAVAILABLE); what `use` throws */
export async function withLocalCoder<T>(options: LocalCoderOptions, use: (coder: Coder) => Promise<T>): Promise<T> {
  const { path, provider, threads, maxBatchSize } = options;
  const runtime = new Runtime({ threads });
  try {
    const load = { provider, requireProvider: provider !== "auto", maxBatchSize };
    const autoencoder = await openAutoencoder(runtime, "autoencoder", () => readAutoencoder(path), load);
    const { config, digest } = autoencoder;
    return await use({
      imgChannels: config.imgChannels,
      latentChannels: config.latentChannels,
      downscale: downscaleOf(config),
      digest,
      encode: (pixels, signal) => autoencoder.encode(pixels, { signal }),
      decode: (latents, signal) => autoencoder.decode(latents, { signal }),
    });
  } finally {
    await runtime.close();
  }
}
