/** @file Which files of a folder are the snapshots of a run. */
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { type EmaProfile, parseSnapshotName } from "@tandem/ema";
import { DomainError } from "@tandem/errors";
import { fileError } from "@tandem/formats";
import { provenanceOf } from "./network-snapshot.js";

/** A snapshot's file. */
export interface SnapshotFile {
  readonly path: string;
  readonly prefix: string;
  /** As its header says, else as its name does. */
  readonly profile: EmaProfile;
}

/** What to take; empty is everything. */
export interface SnapshotFilter {
  readonly prefix: string;
  readonly stds: readonly number[];
}

/** Names have three decimals. */
const SAME_STD = 5e-4;

/** Paths of a folder's files. @throws DomainError RESOURCE_NOT_FOUND, URI_NOT_ALLOWED */
export async function filesOf(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).map((name) => join(folder, name));
  } catch (error) {
    throw fileError(folder, error);
  }
}

/**
 * The snapshots among files, in order of time; networks that were reconstructed themselves are none.
 * @throws DomainError RESOURCE_NOT_FOUND when there are none, FIELD_INVALID when they have several prefixes, UNSAFE_FILE
 */
export async function snapshotsAmong(
  paths: readonly string[],
  { prefix, stds }: SnapshotFilter,
  where: string,
): Promise<SnapshotFile[]> {
  const found: SnapshotFile[] = [];
  for (const path of [...paths].sort()) {
    const name = parseSnapshotName(basename(path));
    if (!name || !basename(path).startsWith(prefix)) continue;
    const { nimg, emaStd, reconstructed } = await provenanceOf(path);
    if (reconstructed) continue;
    const profile = { nimg: nimg || name.profile.nimg, std: emaStd || name.profile.std };
    if (stds.length > 0 && !stds.some((std) => Math.abs(std - profile.std) < SAME_STD)) continue;
    found.push({ path, prefix: name.prefix, profile });
  }
  const prefixes = [...new Set(found.map((file) => file.prefix))];
  if (prefixes.length > 1) {
    const message = `${where} holds snapshots named ${prefixes.join(" and ")}; say which with source_prefix`;
    throw new DomainError("FIELD_INVALID", message, { field: "spec.source_prefix" });
  }
  if (found.length > 0) return found.sort((a, b) => a.profile.nimg - b.profile.nimg || a.profile.std - b.profile.std);
  const filter = [prefix && `named ${prefix}...`, stds.length > 0 && `of std ${stds.join(" or ")}`].filter(Boolean);
  const message = `${where} holds no snapshots${filter.length > 0 ? ` ${filter.join(" and ")}` : ""} (NAME-0008388-0.050.safetensors or .pkl)`;
  throw new DomainError("RESOURCE_NOT_FOUND", message, { field: "spec.source", resource: where });
}

/**
 * The time of a target: that of a snapshot. File names know thousands of images only, so those decide.
 * @param nimg 0 is the newest
 * @throws DomainError RESOURCE_NOT_FOUND
 */
export function timeOf(files: readonly SnapshotFile[], nimg: number): number {
  const times = [...new Set(files.map(({ profile }) => profile.nimg))];
  if (nimg === 0) return times.at(-1)!;
  const exact = times.find((time) => time === nimg) ?? times.find((time) => kimg(time) === kimg(nimg));
  if (exact !== undefined) return exact;
  const near = times
    .map(kimg)
    .sort((a, b) => Math.abs(a - kimg(nimg)) - Math.abs(b - kimg(nimg)))
    .slice(0, 3);
  const message = `no snapshot was taken at ${nimg} images (${kimg(nimg)} thousand); near are ${near.join(", ")} thousand`;
  throw new DomainError("RESOURCE_NOT_FOUND", message, { field: "spec.nimg" });
}

const kimg = (nimg: number): number => Math.floor(nimg / 1000);
