/** @file What a runtime tells whoever measures it. */
import type { BatchReport } from "./batcher.js";
import type { ModelState } from "./model-state.js";

/** Something that happened to a network. */
export type RuntimeEvent =
  | ({ readonly kind: "batch"; readonly model: string } & BatchReport)
  | { readonly kind: "state"; readonly model: string; readonly state: ModelState };

/** A network now. */
export interface ModelStatus {
  readonly name: string;
  readonly state: ModelState;
  /** Bytes of its session; 0 while it has none. */
  readonly memoryBytes: number;
  readonly waitingRequests: number;
  readonly waitingSamples: number;
  readonly runningSamples: number;
}
