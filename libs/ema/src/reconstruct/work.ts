/** @file What threads of a reconstruction are told, and what they tell. */
import type { DType } from "@tandem/formats";

/** A tensor that is summed. */
export interface SummedTensor {
  readonly name: string;
  readonly count: number;
  /** Per input: type and place of the first byte. */
  readonly inputs: readonly { readonly dtype: DType; readonly begin: number }[];
  /** Place of the first byte in each output. */
  readonly outputs: readonly number[];
}

/** A pass over the inputs. */
export interface Pass {
  /** Per input: open file, and its name for errors. */
  readonly inputs: readonly { readonly fd: number; readonly name: string }[];
  /** Per output: open file, and coefficients per input. */
  readonly outputs: readonly { readonly fd: number; readonly coefficients: readonly number[] }[];
  readonly outputType: "F16" | "F32";
  readonly tensors: readonly SummedTensor[];
  /** Pieces to be done: tensor, first element, elements. */
  readonly pieces: readonly (readonly [tensor: number, first: number, count: number])[];
  /** Shared by the threads: next piece, and 1 when they are to stop. */
  readonly shared: Int32Array<SharedArrayBuffer>;
}

export const NEXT = 0;
export const STOP = 1;

/** Elements of a piece: the sums of eight outputs fit in half a megabyte, which stays in a core's cache. */
export const PIECE = 2 ** 14;

/** From a thread. Errors are those of the inputs; anything else ends the thread. */
export type FromThread =
  | { readonly kind: "read"; readonly bytes: number }
  | {
      readonly kind: "failed";
      readonly reason: "NOT_FINITE" | "UNSAFE_FILE";
      readonly message: string;
      readonly resource: string;
    }
  | { readonly kind: "done" };
