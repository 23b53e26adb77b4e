/** @file Whether what comes next still fits on the disk. */
import { statfs } from "node:fs/promises";
import { DomainError } from "@tandem/errors";

/** Kept free beside what is needed: logs, and what others write meanwhile. */
const MARGIN_BYTES = 2 ** 20;

/** What is missing on a disk. */
export interface Shortage {
  readonly folder: string;
  readonly neededBytes: number;
  readonly freeBytes: number;
}

/** The shortage of a folder's file system, if there is one. */
export async function shortageOf(folder: string, bytes: number): Promise<Shortage | undefined> {
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  const neededBytes = bytes + MARGIN_BYTES;
  return freeBytes < neededBytes ? { folder, neededBytes, freeBytes } : undefined;
}

/** What a person has to know and do. */
export const describeShortage = ({ folder, neededBytes, freeBytes }: Shortage): string =>
  `no space for the next checkpoint: ${folder} has ${megabytes(freeBytes)} free, ${megabytes(neededBytes)} are needed; free some, then resume`;

/** Whether an error means that a disk, quota or file limit is full. */
export const isFull = (error: unknown): error is DomainError =>
  error instanceof DomainError && error.reason === "OUT_OF_MEMORY" && error.details.cause !== undefined;

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
