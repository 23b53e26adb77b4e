/** @file Finds out how samples of a model become pixels, before anything is computed. */
import { type LatentEncoding, type Model, ModelKind } from "@tandem/contracts";
import { DomainError, invalid } from "@tandem/errors";
import type { ModelServer } from "../registry/model-server.js";
import type { Pool } from "../registry/pool.js";
import type { Resolver } from "../registry/resolver.js";
import type { ChannelMaps } from "./channel-maps.js";
import { LatentPixels, type PixelMaker, rgbPixels } from "./pixel-maker.js";

/** What was asked for. */
export interface WantedPixels {
  /** The autoencoder as the request names it; empty means the one that the model names. */
  readonly autoencoder: string;
  readonly decodeBatchSize: number;
  /** Servers that the networks are on: an autoencoder that must be loaded goes elsewhere if it can. */
  readonly avoided: ReadonlySet<ModelServer>;
  /** What is known of latents' colors, for previews. */
  readonly maps: ChannelMaps;
}

/**
 * Models that say nothing of their encoding but make three channels are taken for RGB.
 * @throws DomainError NOT_SUPPORTED (latents and no autoencoder), MODEL_INCOMPATIBLE, FIELD_INVALID; as Resolver.resolve
 */
export async function findPixelMaker(resolver: Resolver, main: Pool, wanted: WantedPixels): Promise<PixelMaker> {
  const { reference, model } = main;
  const { encoding, sampleShape } = model;
  if (sampleShape.length !== 3) throw noImages(reference, sampleShape);
  if (encoding?.kind?.$case === "latent") return latentPixels(resolver, main, encoding.kind.value, wanted);
  if (sampleShape[0] !== 3)
    throw new DomainError(
      "NOT_SUPPORTED",
      `${reference} makes samples of ${sampleShape[0]} channels and does not say of which autoencoder, with which statistics; set spec.format to IMAGE_FORMAT_NPY for the latents`,
      { field: "spec.format", resource: reference },
    );
  if (wanted.autoencoder !== "")
    throw invalid("spec.autoencoder", wanted.autoencoder, `empty: ${reference} makes pixels, which need no decoding`);
  return rgbPixels;
}

async function latentPixels(
  resolver: Resolver,
  main: Pool,
  encoding: LatentEncoding,
  { autoencoder, decodeBatchSize, avoided, maps }: WantedPixels,
): Promise<PixelMaker> {
  const kind = ModelKind.MODEL_KIND_AUTOENCODER;
  const pool =
    autoencoder === ""
      ? await resolver.autoencoderNamed(encoding.autoencoder, { kind, avoided })
      : await resolver.resolve("spec.autoencoder", autoencoder, { kind, avoided });
  if (!pool)
    throw new DomainError(
      "NOT_SUPPORTED",
      `${main.reference} makes latents of ${encoding.autoencoder || "an autoencoder that it does not name"}, which no server holds under that name; set spec.autoencoder to a model or file that decodes them, or spec.format to IMAGE_FORMAT_NPY for the latents`,
      { field: "spec.autoencoder", resource: main.reference },
    );
  checkFits(main, pool, encoding);
  return new LatentPixels(pool, encoding, decodeBatchSize, maps);
}

/** As far as the models say what they are. */
function checkFits(main: Pool, pool: Pool, { downscale }: LatentEncoding): void {
  const differ = (what: string) =>
    new DomainError("MODEL_INCOMPATIBLE", `${pool.reference} cannot decode latents of ${main.reference}: ${what}`, {
      field: "spec.autoencoder",
      resource: pool.reference,
      metadata: { model: pool.reference, field: "network" },
    });
  if (pool.model.sampleShape[0] !== 3) throw differ(`its images have ${pool.model.sampleShape[0]} channels, not 3`);
  const architecture = pool.model.network?.architecture;
  if (architecture?.$case !== "klAutoencoder") return;
  const { latentChannels, downscale: actual } = architecture.value;
  const [channels] = main.model.sampleShape;
  if ((latentChannels || 4) !== channels)
    throw differ(`it has ${latentChannels || 4} latent channels, not ${channels}`);
  if ((actual || 8) !== (downscale || 8))
    throw differ(`one latent of it is ${actual || 8} pixels wide, not ${downscale || 8}`);
}

function noImages(reference: string, sampleShape: Model["sampleShape"]): DomainError {
  return new DomainError(
    "MODEL_INCOMPATIBLE",
    `samples of ${reference} are [${sampleShape}], no images; set spec.format to IMAGE_FORMAT_NPY`,
    { field: "spec.format", resource: reference, metadata: { model: reference, field: "sample_shape" } },
  );
}
