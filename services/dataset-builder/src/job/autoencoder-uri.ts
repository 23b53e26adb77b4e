/** @file How requests name an autoencoder. */
import { DomainError } from "@tandem/errors";

/** Where published models lie, by `organization/name`. */
const HUB = "https://huggingface.co";

/**
 * The URI of a weights file or of a folder of them.
 * @param text a URI, an artifact, or a hub identifier `organization/name`
 * @throws DomainError NOT_SUPPORTED for a model of a server: this service computes with its own
 */
export function autoencoderUri(text: string, operation: "encode" | "decode"): string {
  if (/^(servers\/[^/]+\/)?models\//.test(text))
    throw new DomainError("NOT_SUPPORTED", `${text}: this service reads autoencoders of files; name the file`, {
      field: `spec.${operation}.autoencoder`,
      resource: text,
    });
  if (text.startsWith("artifacts/") || !/^[\w.-]+\/[\w.-]+$/.test(text)) return text;
  return `${HUB}/${text}/resolve/main/diffusion_pytorch_model.safetensors`;
}
