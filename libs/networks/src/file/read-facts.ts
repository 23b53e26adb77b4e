/** @file What a network file says of itself, without its weights. */
import { openSafetensors } from "@tandem/formats";
import type { Network } from "../network.js";
import { fromMetadata } from "./metadata.js";

/** Architecture, encoding and provenance of a network. */
export type NetworkFacts = Pick<Network, "config" | "encoding" | "provenance">;

/**
 * Reads the header of our safetensors; tensors are left alone, so it takes a moment whatever the file's size.
 * @throws DomainError RESOURCE_NOT_FOUND, UNSAFE_FILE (not such a file, or damaged), FIELD_INVALID
 */
export async function readNetworkFacts(path: string): Promise<NetworkFacts> {
  await using file = await openSafetensors(path);
  return fromMetadata(path, file.metadata);
}
