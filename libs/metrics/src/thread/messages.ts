/** @file Between the thread and whoever asks it. */
import type { TaskName } from "./tasks.js";

export interface ToThread {
  readonly id: number;
  readonly name: TaskName;
  readonly input: unknown;
}

export type FromThread =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: unknown; readonly isOutOfMemory: boolean };
