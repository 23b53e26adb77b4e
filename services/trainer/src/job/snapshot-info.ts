/** @file What a snapshot is, for whoever lists files: from its header. */
import type { Artifact } from "@tandem/contracts";
import { writeEncoding, writeNetworkConfig, writeProvenance } from "@tandem/network-messages";
import { readNetworkFacts } from "@tandem/networks";
import { isDamage } from "../run/checkpoint.js";

/** Details of a network file; undefined for a file that is none of ours. @throws DomainError RESOURCE_NOT_FOUND */
export async function snapshotInfo(path: string): Promise<Artifact["details"]> {
  if (!path.endsWith(".safetensors")) return undefined;
  try {
    const { config, encoding, provenance } = await readNetworkFacts(path);
    const value = {
      provenance: writeProvenance(provenance),
      network: writeNetworkConfig(config),
      encoding: writeEncoding(encoding),
      format: "safetensors",
    };
    return { $case: "snapshot", value };
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
}
