/** @file Trying again, with growing pauses. */
import { setTimeout as sleep } from "node:timers/promises";
import { DomainError } from "@tandem/errors";

/** How often and how patiently. */
export interface RetryPolicy {
  /** Failures in a row, without a byte between them, before giving up. */
  readonly attempts: number;
  /** First pause, milliseconds; each next one is twice as long, up to 30 s, and up to a third shorter by chance. */
  readonly pauseMs: number;
}

export const defaultRetry: RetryPolicy = { attempts: 5, pauseMs: 500 };

/** Whether the same request may succeed later. */
export function isTransient(error: unknown): boolean {
  return error instanceof DomainError && error.reason === "SERVER_UNAVAILABLE";
}

/** The pause after so many failures in a row; rejects with the signal's reason. */
export async function pauseAfter(failures: number, { pauseMs }: RetryPolicy, signal?: AbortSignal): Promise<void> {
  const longest = Math.min(30_000, pauseMs * 2 ** (failures - 1));
  try {
    await sleep(longest * (1 - Math.random() / 3), undefined, { signal });
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  }
}
