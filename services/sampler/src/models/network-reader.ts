/** @file From a source to a model in memory. */
import { createHash } from "node:crypto";
import { totalmem } from "node:os";
import { DomainError } from "@tandem/errors";
import {
  countCost,
  gaussianMixture,
  type ModelFile,
  type Network,
  type NetworkConfig,
  readModel,
} from "@tandem/networks";
import type { ModelSource } from "./model-source.js";
import { randomWeights } from "./random-weights.js";
import type { WeightsFiles } from "./weights-files.js";

/** Seed of random weights: they are for benchmarks, and every server should have the same. */
const SEED = 0;

/** Bytes of a made network: float32 as drawn, and once more folded. */
const BYTES_PER_PARAMETER = 8;

/** Reads networks from files, and makes those that need none. */
export class NetworkReader {
  /** @param memoryBytes most that a made network may take */
  constructor(
    private readonly files: WeightsFiles,
    private readonly memoryBytes = totalmem() / 2,
  ) {}

  /** Brings a remote file here, and checks that a local one may be read. */
  async fetch(source: ModelSource): Promise<void> {
    if (source.kind === "weights") await this.files.localPath(source.uri);
  }

  /** @throws DomainError what storage and formats say of the file: URI_NOT_ALLOWED, UNSAFE_FILE, ...; OUT_OF_MEMORY, NOT_SUPPORTED */
  async read(source: ModelSource): Promise<ModelFile> {
    if (source.kind === "network") return { kind: "denoiser", network: await this.#made(source.config) };
    const model = await readModel(await this.files.localPath(source.uri));
    // Of the very bytes that were read: checked before, the file might have changed meanwhile, and be read twice.
    checkDigest(source, (model.kind === "denoiser" ? model.network : model.autoencoder).digest);
    return model;
  }

  async #made(config: NetworkConfig): Promise<Network> {
    if (config.kind === "gaussian_mixture") return gaussianMixture(config);
    const { parameters } = countCost(config);
    const bytes = parameters * BYTES_PER_PARAMETER;
    if (bytes > this.memoryBytes)
      throw new DomainError(
        "OUT_OF_MEMORY",
        `a network of ${bytes} bytes; this server makes at most ${this.memoryBytes}`,
        {
          field: "network",
          metadata: { device: "host", max: this.memoryBytes, actual: bytes },
        },
      );
    return { ...(await randomWeights({ config, seed: SEED }, parameters)), digest: digestOf(config) };
  }
}

function checkDigest({ uri, sha256 }: Extract<ModelSource, { kind: "weights" }>, actual: string): void {
  const expected = `sha256:${sha256}`;
  if (sha256 === "" || actual === expected) return;
  throw new DomainError(
    "CHECKSUM_MISMATCH",
    `${uri} has ${actual}, not ${expected}; fetch it again, or correct weights.sha256`,
    {
      field: "weights.sha256",
      resource: uri,
      metadata: { expected, actual },
    },
  );
}

/** There is no file to digest: configuration and seed say all about the weights. */
function digestOf(config: NetworkConfig): string {
  const hash = createHash("sha256").update(JSON.stringify({ config, seed: SEED }));
  return `sha256:${hash.digest("hex")}`;
}
