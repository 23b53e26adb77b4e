/** @file How a run's samples relate to pixels: as asked, or as its dataset suggests. */
import type { DataEncoding } from "@tandem/contracts";
import type { DatasetFacts } from "@tandem/datasets";
import { DomainError } from "@tandem/errors";
import { readEncoding } from "@tandem/network-messages";
import { type Encoding, stabilityStatistics } from "@tandem/networks";

const FIELD = "spec.edm2.encoding";

/** Latents of sd-vae-ft-mse as the published networks were trained on them (numerics, section 8). */
const stableDiffusion: Encoding = {
  kind: "latent",
  autoencoder: "stabilityai/sd-vae-ft-mse",
  ...stabilityStatistics,
  downscale: 8,
};

/**
 * The encoding of a run's samples.
 * @param asked the request's; absent means pixels for datasets of RGB images, sd-vae-ft-mse latents for those of 8 channels
 * @throws DomainError FIELD_INVALID when it does not fit the dataset
 */
export function resolveEncoding(asked: DataEncoding | undefined, { kind, shape }: DatasetFacts): Encoding {
  const [channels = 0] = shape;
  const encoding = asked?.kind ? readEncoding(asked, FIELD) : suggested(kind, channels);
  if (encoding === undefined)
    throw refuse(`missing; datasets of ${channels} channels have no default: say what their samples are`);
  if (encoding.kind === "rgb" && kind === "latents")
    throw refuse("rgb, but the dataset holds latents; leave it out or say which autoencoder made them");
  if (encoding.kind === "rgb" && channels !== 3)
    throw refuse(`rgb, but the dataset's images have ${channels} channels; convert them to RGB`);
  if (encoding.kind === "latent" && kind === "images")
    throw refuse("latent, but the dataset holds images; encode it first (tandem dataset encode)");
  if (encoding.kind === "latent" && encoding.rawMean.length * 2 !== channels)
    throw refuse(
      `latents of ${encoding.rawMean.length} channels, but the dataset's have ${channels / 2}; give their statistics`,
    );
  return encoding;
}

function suggested(kind: DatasetFacts["kind"], channels: number): Encoding | undefined {
  if (kind === "images") return channels === 3 ? { kind: "rgb" } : undefined;
  return channels === 8 ? stableDiffusion : undefined;
}

const refuse = (what: string) => new DomainError("FIELD_INVALID", `${FIELD} is ${what}`, { field: FIELD });
