/** @file Names of snapshots: `network-snapshot-0008388-0.050.pkl` is the EMA of 0.050 after 8388 thousand images. */
import type { EmaProfile } from "./ema-profile.js";

/** Training advances by this many images at least, so every snapshot's count is a multiple of it (numerics, section 4). */
const GRANULARITY = 1024;
const NAME = /^(.+)-(\d{7,})-(\d\.\d{3})\.(pkl|safetensors)$/;

/** Images behind the thousands of images in a snapshot's name: 8388 means 8,388,608. */
export function imageCountOfKimg(kimg: number): number {
  return Math.floor((kimg * 1000 + 999) / GRANULARITY) * GRANULARITY;
}

/** What a snapshot's name says. */
export interface SnapshotName {
  readonly prefix: string;
  readonly profile: EmaProfile;
}

/** Undefined for names of other files. */
export function parseSnapshotName(name: string): SnapshotName | undefined {
  const [, prefix, kimg, std] = NAME.exec(name) ?? [];
  if (prefix === undefined) return undefined;
  return { prefix, profile: { nimg: imageCountOfKimg(Number(kimg)), std: Number(std) } };
}

/** `phema-2147483-0.150.safetensors` */
export function snapshotName(prefix: string, { nimg, std }: EmaProfile): string {
  return `${prefix}-${String(Math.floor(nimg / 1000)).padStart(7, "0")}-${std.toFixed(3)}.safetensors`;
}
