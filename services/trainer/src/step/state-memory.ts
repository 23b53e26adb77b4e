/** @file Everything that a step changes, in memory that the optimizer's threads and onnxruntime work on in place. */
import type { TrainedTensor } from "@tandem/networks";
import { createMemory, MEMORY_BYTES } from "./kernel.js";

/** Where the parts of a tensor lie in its memory, bytes; 0: it has none. */
export interface TensorPlace {
  readonly tensor: TrainedTensor;
  /** Index of the memory. */
  readonly memory: number;
  /** As stored: what the last step made, not normalized yet. */
  readonly raw: number;
  /** As the graph takes it: normalized. The same as `raw` for gains. */
  readonly w: number;
  /** The same as rows [O, 9 C], for kernels of 9 taps. */
  readonly rows: number;
  /** Gradient, and that of a further round. */
  readonly gradient: number;
  readonly round: number;
  /** Adam's moments. */
  readonly m: number;
  readonly v: number;
  /** EMAs, one after the other. */
  readonly ema: number;
}

/** Names of a tensor's parts. */
export type Part = "raw" | "w" | "rows" | "gradient" | "round" | "m" | "v";

/** Each memory begins with the shares of the EMAs (float32, at most 16). */
export const SHARES_AT = 16;
const HEADER_BYTES = 128;
const ALIGNMENT = 64;

const elements = ({ taps, outputs, channels }: TrainedTensor): number => taps * outputs * channels;

/** The memory of a network in training. */
export class StateMemory {
  readonly places: readonly TensorPlace[];
  readonly memories: readonly WebAssembly.Memory[];

  /**
   * @param emas   EMA profiles
   * @param rounds whether gradients add up over rounds
   */
  constructor(
    tensors: readonly TrainedTensor[],
    readonly emas: number,
    rounds: boolean,
  ) {
    const sizes = [HEADER_BYTES];
    this.places = tensors.map((tensor) => {
      const place = layOut(tensor, emas, rounds, sizes.at(-1)!);
      if (place.end <= MEMORY_BYTES) {
        sizes[sizes.length - 1] = place.end;
        return { ...place.at, memory: sizes.length - 1 };
      }
      const moved = layOut(tensor, emas, rounds, HEADER_BYTES);
      sizes.push(moved.end);
      return { ...moved.at, memory: sizes.length - 1 };
    });
    this.memories = sizes.map(createMemory);
  }

  /** A part of a tensor, in place. */
  view(place: TensorPlace, part: Part): Float32Array {
    return this.#floats(place, place[part]);
  }

  /** An EMA of a tensor, in place. */
  average(place: TensorPlace, profile: number): Float32Array {
    return this.#floats(place, place.ema + profile * emaStride(place.tensor));
  }

  #floats({ memory, tensor }: TensorPlace, at: number): Float32Array {
    return new Float32Array(this.memories[memory]!.buffer, at, elements(tensor));
  }
}

/** Bytes from one EMA of a tensor to the next. */
export const emaStride = (tensor: TrainedTensor): number => aligned(4 * elements(tensor));

function layOut(tensor: TrainedTensor, emas: number, rounds: boolean, start: number) {
  const bytes = emaStride(tensor);
  let end = start;
  const take = (count: number): number => {
    const at = end;
    end += count * bytes;
    return count === 0 ? 0 : at;
  };
  const raw = take(1);
  const isWeight = tensor.role === "weight";
  const at = {
    tensor,
    raw,
    w: isWeight ? take(1) : raw,
    rows: take(tensor.taps === 9 ? 1 : 0),
    gradient: take(1),
    round: take(rounds ? 1 : 0),
    m: take(1),
    v: take(1),
    ema: take(emas),
  };
  return { at, end };
}

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
