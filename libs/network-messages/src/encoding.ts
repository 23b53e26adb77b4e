/** @file How samples become pixels, as the contract and the networks library say it, both ways. */
import type { DataEncoding, LatentStatistics } from "@tandem/contracts";
import { invalid } from "@tandem/errors";
import type { Encoding, LatentStatistics as Statistics } from "@tandem/networks";

/** The encoding as a message; unknown is absent. */
export function writeEncoding(encoding: Encoding | undefined): DataEncoding | undefined {
  if (!encoding) return undefined;
  if (encoding.kind === "rgb") return { kind: { $case: "rgb", value: {} } };
  const { autoencoder, downscale } = encoding;
  const statistics = writeStatistics(encoding);
  return { kind: { $case: "latent", value: { autoencoder, downscale, statistics } } };
}

/**
 * The encoding of a message, defaults filled in.
 * @param field path of the message in its request
 * @throws DomainError FIELD_INVALID naming the field
 */
export function readEncoding({ kind }: DataEncoding, field: string): Encoding {
  if (kind === undefined) throw invalid(field, undefined, "rgb or latent");
  if (kind.$case === "rgb") return { kind: "rgb" };
  const { autoencoder, statistics, downscale } = kind.value;
  const path = `${field}.latent`;
  if (autoencoder === "") throw invalid(`${path}.autoencoder`, autoencoder, "an autoencoder's name or URI");
  if (statistics === undefined) throw invalid(`${path}.statistics`, undefined, "given");
  const channels = readStatistics(statistics, `${path}.statistics`);
  return { kind: "latent", autoencoder, ...channels, downscale: downscale || 8 };
}

/** The statistics as a message. */
export const writeStatistics = ({ rawMean, rawStd, finalMean, finalStd }: Statistics): LatentStatistics => ({
  rawMean: [...rawMean],
  rawStd: [...rawStd],
  finalMean,
  finalStd,
  numImages: 0n,
});

/**
 * Statistics of latents, defaults filled in.
 * @param path of the message in its request
 * @throws DomainError FIELD_INVALID naming the field
 */
export function readStatistics({ rawMean, rawStd, finalMean, finalStd }: LatentStatistics, path: string): Statistics {
  if (rawMean.length === 0 || !rawMean.every(Number.isFinite))
    throw invalid(`${path}.raw_mean`, rawMean, "finite numbers, one a channel");
  if (rawStd.length !== rawMean.length || !rawStd.every((std) => std > 0 && Number.isFinite(std)))
    throw invalid(`${path}.raw_std`, rawStd, `${rawMean.length} positive numbers, one a channel`);
  if (!Number.isFinite(finalMean)) throw invalid(`${path}.final_mean`, finalMean, "finite");
  if (!(finalStd >= 0 && Number.isFinite(finalStd)))
    throw invalid(`${path}.final_std`, finalStd, "positive, or 0 for 0.5");
  return { rawMean, rawStd, finalMean, finalStd: finalStd || 0.5 };
}
