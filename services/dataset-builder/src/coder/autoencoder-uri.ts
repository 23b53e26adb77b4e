/** @file How requests name an autoencoder. */

/** Where published models lie, by `organization/name`. */
const HUB = "https://huggingface.co";

/** Whether a text names a model of a server. */
export const isModelName = (text: string): boolean => /^(servers\/[^/]+\/)?models\/[^/]+$/.test(text);

/**
 * The URI of a weights file or of a folder of them.
 * @param text a URI, an artifact, or a hub identifier `organization/name`
 */
export function autoencoderUri(text: string): string {
  if (text.startsWith("artifacts/") || !/^[\w.-]+\/[\w.-]+$/.test(text)) return text;
  return `${HUB}/${text}/resolve/main/diffusion_pytorch_model.safetensors`;
}
