/** @file Resampling of 8-bit images that equals Pillow's bit for bit, by a WebAssembly kernel (assembly/resample.ts). */
import { DomainError } from "@tandem/errors";
import { resample } from "../generated/resample.wasm.js";
import { type Filter, type Weights, weightsOf } from "./weights.js";

/** An RGB image: uint8 [height, width, 3]. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

interface Kernel {
  horizontal(...numbers: number[]): void;
  vertical(...numbers: number[]): void;
}

const PAGE = 2 ** 16;
/** The kernel reads and writes vectors, up to 15 bytes behind an image. */
const MARGIN = 16;
/** The compiler's own memory ends before. */
const BEGIN = 1024;
/** No picture becomes larger, between the passes either: a thin one would fill the memory. */
const MAX_PIXELS = 2 ** 26;
/** Weights kept: sizes of sources repeat. */
const KEPT = 256;

const module = new WebAssembly.Module(Buffer.from(resample, "base64"));
const align = (bytes: number): number => Math.ceil((bytes + MARGIN) / 16) * 16;

/** Resamples images, one after the other, in a memory of its own that grows to the largest. */
export class Resampler {
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  readonly #kernel: Kernel;
  readonly #weights = new Map<string, Weights>();

  constructor() {
    const abort = () => {
      throw new Error("the resampling kernel failed");
    };
    const { exports } = new WebAssembly.Instance(module, { env: { memory: this.#memory, abort } });
    this.#kernel = exports as unknown as Kernel;
  }

  /**
   * The image in another size; the same image when the size is the same. Rows are resampled first, unless the height shrinks by more
   * than twice of what the width does: so does Pillow 13, and the order shows, since what is between the passes has 8 bits.
   * @param width  1 or more, in pixels
   * @param height 1 or more, in pixels
   * @throws DomainError LIMIT_EXCEEDED when it would have more than 2^26 pixels
   */
  resize(picture: Picture, width: number, height: number, filter: Filter): Picture {
    const along = picture.width === width ? undefined : this.#weightsOf(filter, picture.width, width);
    const down = picture.height === height ? undefined : this.#weightsOf(filter, picture.height, height);
    if (!along && !down) return picture;
    const columnsFirst = picture.height - height > 2 * Math.max(0, picture.width - width);
    const between = columnsFirst ? picture.width * height : width * picture.height;
    if (Math.max(between, width * height) > MAX_PIXELS)
      throw new DomainError(
        "LIMIT_EXCEEDED",
        `${picture.width}x${picture.height} resized to ${width}x${height} has too many pixels; crop it before`,
      );
    const middle = BEGIN + align(picture.data.length);
    const last = middle + align(between * 3);
    const tables = last + align(width * height * 3);
    this.#reserve(tables + tableBytes(along) + tableBytes(down));
    new Uint8Array(this.#memory.buffer, BEGIN, picture.data.length).set(picture.data);
    const rowTable = along && this.#place(along, tables);
    const columnTable = down && this.#place(down, tables + tableBytes(along));
    let [from, to] = [BEGIN, rowTable && columnTable ? middle : last];
    const rows = (height: number) => {
      if (!rowTable) return;
      this.#kernel.horizontal(from, height, picture.width, to, width, ...rowTable);
      [from, to] = [to, last];
    };
    const columns = (width: number) => {
      if (!columnTable) return;
      this.#kernel.vertical(from, width * 3, to, height, ...columnTable);
      [from, to] = [to, last];
    };
    if (columnsFirst) columns(picture.width);
    rows(columnsFirst ? height : picture.height);
    if (!columnsFirst) columns(width);
    return { width, height, data: new Uint8Array(this.#memory.buffer, from, width * height * 3).slice() };
  }

  #weightsOf(filter: Filter, from: number, to: number): Weights {
    const key = `${filter} ${from} ${to}`;
    let weights = this.#weights.get(key);
    if (weights) return weights;
    weights = weightsOf(filter, from, to);
    if (this.#weights.size >= KEPT) this.#weights.delete(this.#weights.keys().next().value!);
    this.#weights.set(key, weights);
    return weights;
  }

  /** Puts tables where the kernel reads them: [first, counts, weights, size]. */
  #place({ first, counts, weights, size }: Weights, at: number): [number, number, number, number] {
    const { buffer } = this.#memory;
    const [second, third] = [at + first.byteLength, at + first.byteLength + counts.byteLength];
    new Int32Array(buffer, at, first.length).set(first);
    new Int32Array(buffer, second, counts.length).set(counts);
    new Int32Array(buffer, third, weights.length).set(weights);
    return [at, second, third, size];
  }

  #reserve(bytes: number): void {
    const missing = bytes + MARGIN - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE));
  }
}

const tableBytes = (weights: Weights | undefined): number =>
  weights ? align(weights.first.byteLength * 2 + weights.weights.byteLength) : 0;
