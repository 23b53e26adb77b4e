/** @file Snapshots of networks as files: what they say of themselves, and where their tensors lie. */
import type { Artifact, SnapshotInfo } from "@tandem/contracts";
import { type EmaProfile, openSnapshot, placedSnapshot, type StoredSnapshot } from "@tandem/ema";
import { DomainError } from "@tandem/errors";
import { openSafetensors } from "@tandem/formats";
import { writeEncoding, writeNetworkConfig, writeProvenance } from "@tandem/network-messages";
import { type NetworkFacts, type Provenance, readNetwork, readNetworkFacts, toMetadata } from "@tandem/networks";

/** A snapshot that can be summed, and the network that it is; absent for tensors that are no network of ours. */
export interface NetworkSnapshot {
  readonly snapshot: StoredSnapshot;
  readonly facts?: NetworkFacts;
}

/** What no training changes: the Fourier features of noise level and log variance. */
export const isBuffer = (name: string): boolean => /\.(freqs|phases)$/.test(name);

/** Provenance in a file's header, without reading more; empty where there is none. @throws DomainError UNSAFE_FILE */
export async function provenanceOf(path: string): Promise<Provenance> {
  if (!path.endsWith(".safetensors")) return {};
  await using file = await openSafetensors(path);
  return file.metadata.config === undefined ? {} : (await readNetworkFacts(path)).provenance;
}

/**
 * Opens our safetensors and the reference's pickles; of the latter all bytes are read once, to learn where tensors lie.
 * @param scratch folder for pickles that must be written anew
 * @throws DomainError RESOURCE_NOT_FOUND, UNSAFE_FILE, MODEL_INCOMPATIBLE, FIELD_INVALID
 */
export async function openNetworkSnapshot(
  path: string,
  profile: EmaProfile,
  scratch: string,
): Promise<NetworkSnapshot> {
  if (path.endsWith(".pkl")) {
    const network = await readNetwork(path);
    return { snapshot: await placedSnapshot(path, profile, network.tensors, scratch), facts: network };
  }
  const snapshot = await openSnapshot(path, profile, scratch);
  await using file = await openSafetensors(path);
  return { snapshot, ...(file.metadata.config !== undefined && { facts: await readNetworkFacts(path) }) };
}

/** Texts of a reconstructed network's header. */
export function reconstructedTexts(
  facts: NetworkFacts | undefined,
  { nimg, std }: EmaProfile,
  reconstruction: object,
): Record<string, string> {
  const own = { reconstruction: JSON.stringify(reconstruction) };
  if (!facts) return own;
  const provenance = { ...facts.provenance, nimg, emaStd: std, reconstructed: true };
  return { ...toMetadata({ ...facts, provenance }), ...own };
}

/** The job that made a reconstruction; undefined for other files. */
export async function jobOf(path: string): Promise<string | undefined> {
  try {
    await using file = await openSafetensors(path);
    const { job } = JSON.parse(file.metadata.reconstruction ?? "{}") as { job?: string };
    return job;
  } catch {
    return undefined; // absent, or none of ours: it is made anew
  }
}

/** What a snapshot is, for whoever lists files: from its header. Undefined for a file that is none of ours. */
export async function snapshotDetails(path: string): Promise<Artifact["details"]> {
  if (!path.endsWith(".safetensors")) return undefined;
  try {
    return { $case: "snapshot", value: snapshotInfo(await readNetworkFacts(path)) };
  } catch (error) {
    if (error instanceof DomainError) return undefined; // damaged, or other tensors: listed without details
    throw error;
  }
}

/** Facts of a network as the contract has them. */
export function snapshotInfo({ provenance, config, encoding }: NetworkFacts): SnapshotInfo {
  return {
    provenance: writeProvenance(provenance),
    network: writeNetworkConfig(config),
    encoding: writeEncoding(encoding),
    format: "safetensors",
  };
}
