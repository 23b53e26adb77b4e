/** @file What the runtime and a session's thread say to each other. Buffers are moved, not copied. */
import type { Batch, BatchResult } from "./batch.js";
import type { ProviderChoice } from "./providers.js";
import type { Specs } from "./self-check.js";

/** Loads the network with the first choice that proves itself. */
export interface LoadMessage {
  readonly kind: "load";
  /** Path of the protobuf, its weights beside it; there until the answer. */
  readonly path: string;
  readonly specs: Specs;
  readonly choices: readonly ProviderChoice[];
  /** Cores for one evaluation on the CPU. */
  readonly threads: number;
  /** Largest deviation of another device from the CPU, relative to the output's root mean square. */
  readonly tolerance: number;
}

/** Evaluates one batch. */
export interface RunMessage extends Batch {
  readonly kind: "run";
}

export type ToSession = LoadMessage | RunMessage | { readonly kind: "close" };

/** The network is ready. */
export interface LoadedMessage {
  readonly kind: "loaded";
  readonly choice: ProviderChoice;
  /** Device in words. */
  readonly device: string;
  /** Why the choices before this one did not do. */
  readonly rejected: readonly RejectedChoice[];
}

/** A choice that did not do, and why. */
export interface RejectedChoice {
  readonly provider: string;
  readonly reason: string;
}

/** No choice did. */
export interface LoadFailedMessage {
  readonly kind: "load-failed";
  readonly rejected: readonly RejectedChoice[];
}

export interface RanMessage extends BatchResult {
  readonly kind: "ran";
}

/** The batch failed; the session lives. */
export interface RunFailedMessage {
  readonly kind: "run-failed";
  readonly message: string;
}

export type FromSession = LoadedMessage | LoadFailedMessage | RanMessage | RunFailedMessage;
