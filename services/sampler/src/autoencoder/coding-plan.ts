/** @file Requests of the autoencoder service, checked against the model and turned into plain data. */
import { checkFinite, type DecodeRequest, type EncodeRequest, readPixels, readTensor } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { readStatistics } from "@tandem/network-messages";
import { downscaleOf, type LatentStatistics, type Planes } from "@tandem/networks";
import { MAX_MESSAGE_BYTES } from "@tandem/rpc";
import { checkCount } from "../denoise/denoise-plan.js";
import type { LoadedAutoencoder } from "../models/loaded-model.js";

/** Images to encode. */
export interface EncodePlan {
  readonly pixels: Planes<Uint8Array>;
  /** Whether the response carries a checksum. */
  readonly withChecksum: boolean;
}

/** Latents to decode. */
export interface DecodePlan {
  readonly latents: Planes<Float32Array>;
  /** What they were normalized with; absent for raw ones. */
  readonly statistics: LatentStatistics | undefined;
  readonly withChecksum: boolean;
}

type Shape = Planes<unknown>["shape"];

/** @throws DomainError with the field at fault; shapes are checked by the autoencoder */
export function toEncodePlan(request: EncodeRequest, model: LoadedAutoencoder): EncodePlan {
  const { shape, data, hasChecksum } = readPixels(request.pixels, "pixels");
  checkCount(shape[0] ?? 0, model.maxBatchSize, "pixels.shape");
  return { pixels: { data, shape: shape as Shape }, withChecksum: hasChecksum };
}

/** @throws DomainError with the field at fault; LIMIT_EXCEEDED when the pixels would not fit into a message */
export function toDecodePlan(request: DecodeRequest, model: LoadedAutoencoder): DecodePlan {
  const { shape, data, hasChecksum } = readTensor(request.latents, "latents");
  checkCount(shape[0] ?? 0, model.maxBatchSize, "latents.shape");
  checkFinite(data, "latents.data");
  checkAnswer(shape, model);
  const statistics = request.statistics && readStatistics(request.statistics, "statistics");
  return { latents: { data, shape: shape as Shape }, statistics, withChecksum: hasChecksum };
}

/** An answer that does not fit is known before the minutes that it takes. */
function checkAnswer([count = 0, , height = 0, width = 0]: readonly number[], { facts }: LoadedAutoencoder): void {
  const { imgChannels } = facts.config;
  const bytes = count * imgChannels * height * width * downscaleOf(facts.config) ** 2;
  const limit = MAX_MESSAGE_BYTES - 1024;
  if (bytes <= limit) return;
  throw new DomainError("LIMIT_EXCEEDED", `pixels of ${bytes} bytes; a message holds ${limit}: ask for fewer images`, {
    field: "latents.shape",
    metadata: { limit, actual: bytes },
  });
}
