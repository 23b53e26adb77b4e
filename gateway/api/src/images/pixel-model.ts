/** @file Whether samples of a model can become pixels here. */
import type { Model } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";

/**
 * Models that say nothing of their encoding but make three channels are taken for RGB.
 * @param what  the field that asks for pixels, e.g. "spec.format"
 * @throws DomainError NOT_SUPPORTED for latents, MODEL_INCOMPATIBLE for samples that are no images
 */
export function requirePixels(what: string, name: string, { encoding, sampleShape }: Model): void {
  if (encoding?.kind?.$case === "latent" || (sampleShape.length === 3 && sampleShape[0] !== 3))
    throw new DomainError(
      "NOT_SUPPORTED",
      `${name} makes latents and no autoencoder is there to decode them; set ${what} to IMAGE_FORMAT_NPY for the latents`,
      { field: what, resource: name },
    );
  if (sampleShape.length === 3) return;
  throw new DomainError(
    "MODEL_INCOMPATIBLE",
    `samples of ${name} are [${sampleShape}], no images; set ${what} to IMAGE_FORMAT_NPY`,
    { field: what, resource: name, metadata: { model: name, field: "sample_shape" } },
  );
}
