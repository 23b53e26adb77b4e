/** @file Resampling of 8-bit images that equals Pillow's bit for bit, by a WebAssembly kernel (assembly/resample.ts). */
import { DomainError } from "@tandem/errors";
import { resample } from "../generated/resample.wasm.js";
import { MAX_PIXELS } from "../pictures/max-pixels.js";
import { crop } from "../transforms/geometry.js";
import { type Filter, type Weights, weightsOf } from "./weights.js";

/** An RGB image: uint8 [height, width, 3]. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A part of an image, in pixels. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

interface Kernel {
  horizontal(...numbers: number[]): void;
  vertical(...numbers: number[]): void;
  halve(...numbers: number[]): void;
}

const PAGE = 2 ** 16;
/** The kernel reads and writes vectors, up to 15 bytes behind an image. */
const MARGIN = 16;
/** The compiler's own memory ends before. */
const BEGIN = 1024;
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
   * The image in another size, or a part of it; the same image when nothing changes. Rows are resampled first, unless the height shrinks
   * by more than twice of what the width does: so does Pillow 13, and the order shows, since what is between the passes has 8 bits.
   * @param width  1 or more, in pixels
   * @param height 1 or more, in pixels
   * @param window of the new image; all of it by default
   * @throws DomainError LIMIT_EXCEEDED when it would have more than 2^26 pixels
   */
  resize(
    picture: Picture,
    width: number,
    height: number,
    filter: Filter,
    window: Window = { left: 0, top: 0, width, height },
  ): Picture {
    if (picture.width === width && picture.height === height)
      return crop(picture, window.left, window.top, window.width, window.height);
    const isWhole = window.width === width && window.height === height;
    const columnsFirst = picture.height - height > 2 * Math.max(0, picture.width - width);
    checkSize(picture, width, height, columnsFirst);
    const data =
      filter === "box" && isWhole && picture.width === 2 * width && picture.height === 2 * height
        ? this.#halve(picture, width, height, columnsFirst)
        : this.#passes(picture, width, height, filter, window, columnsFirst);
    return { width: window.width, height: window.height, data };
  }

  #halve({ data }: Picture, width: number, height: number, columnsFirst: boolean): Uint8Array {
    const to = BEGIN + align(data.length);
    this.#reserve(to + align(width * height * 3));
    this.#bytes(BEGIN, data.length).set(data);
    this.#kernel.halve(BEGIN, to, width, height, columnsFirst ? 1 : 0);
    return this.#bytes(to, width * height * 3).slice();
  }

  #passes(
    picture: Picture,
    width: number,
    height: number,
    filter: Filter,
    window: Window,
    columnsFirst: boolean,
  ): Uint8Array {
    const along = this.#weightsOf(filter, picture.width, width);
    const down = this.#weightsOf(filter, picture.height, height);
    const middle = BEGIN + align(picture.data.length);
    const between = columnsFirst ? picture.width * window.height : window.width * picture.height;
    const last = middle + align(between * 3);
    const size = window.width * window.height * 3;
    const tables = last + align(size);
    this.#reserve(tables + tableBytes(along) + tableBytes(down));
    this.#bytes(BEGIN, picture.data.length).set(picture.data);
    const rowTable = this.#place(along, window.left, window.width, tables);
    const columnTable = this.#place(down, window.top, window.height, tables + tableBytes(along));
    const { horizontal, vertical } = this.#kernel;
    // A pass that changes nothing gives back its input, bit for bit.
    if (columnsFirst) {
      vertical(BEGIN, picture.width * 3, middle, window.height, ...columnTable);
      horizontal(middle, window.height, picture.width, last, window.width, ...rowTable);
    } else {
      horizontal(BEGIN, picture.height, picture.width, middle, window.width, ...rowTable);
      vertical(middle, window.width * 3, last, window.height, ...columnTable);
    }
    return this.#bytes(last, size).slice();
  }

  #bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, at, length);
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

  /** Puts the tables of some outputs where the kernel reads them: [first, counts, weights, pairs]. */
  #place(
    { first, counts, halves, pairs }: Weights,
    begin: number,
    outputs: number,
    at: number,
  ): [number, number, number, number] {
    const { buffer } = this.#memory;
    const [second, third] = [at + outputs * 4, at + outputs * 8];
    new Int32Array(buffer, at, outputs).set(first.subarray(begin, begin + outputs));
    new Int32Array(buffer, second, outputs).set(counts.subarray(begin, begin + outputs));
    const part = halves.subarray(begin * pairs * 4, (begin + outputs) * pairs * 4);
    new Int16Array(buffer, third, part.length).set(part);
    return [at, second, third, pairs];
  }

  #reserve(bytes: number): void {
    const missing = bytes + MARGIN - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE));
  }
}

/** No picture becomes larger, between the passes either. */
function checkSize(picture: Picture, width: number, height: number, columnsFirst: boolean): void {
  const between = columnsFirst ? picture.width * height : width * picture.height;
  if (Math.max(between, width * height) <= MAX_PIXELS) return;
  throw new DomainError(
    "LIMIT_EXCEEDED",
    `${picture.width}x${picture.height} resized to ${width}x${height} has too many pixels; crop it before`,
  );
}

const tableBytes = ({ first, counts, halves }: Weights): number =>
  align(first.byteLength + counts.byteLength + halves.byteLength);
