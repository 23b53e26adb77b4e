/** @file Memory that the kernel (assembly/symmetric.ts) and onnxruntime both compute in. */
import { symmetric } from "../generated/symmetric.wasm.js";

/** Functions of the kernel; pointers and strides are bytes. */
export interface Kernel {
  factorPanel(
    s: number,
    n: number,
    k: number,
    panel: number,
    width: number,
    squares: number,
    order: number,
    noise: number,
  ): number;
  subtract(
    to: number,
    toStride: number,
    a: number,
    aStride: number,
    t: number,
    tStride: number,
    rows: number,
    count: number,
  ): void;
  reflectPanel(v: number, b: number, m: number, tau: number, r: number): void;
  chase(band: number, n: number, b: number, scratch: number): void;
}

const PAGE = 2 ** 16;
/** WebAssembly addresses 4 GiB: covariances of 16,000 features. */
const MAX_PAGES = 2 ** 16;
/** The compiler's own memory ends before. */
const BEGIN = 1024;

let compiled: WebAssembly.Module | undefined;

/** A memory of fixed size, given out once from its beginning. */
export class Workspace {
  readonly #memory: WebAssembly.Memory;
  readonly kernel: Kernel;
  #end = BEGIN;

  /** @param numbers float64 that will be asked for, in at most 64 pieces @throws RangeError when there is no such memory */
  constructor(numbers: number) {
    const pages = Math.ceil((BEGIN + numbers * 8 + 64 * 64) / PAGE);
    if (pages > MAX_PAGES)
      throw new RangeError(`cannot allocate ${numbers} numbers: WebAssembly has ${MAX_PAGES * PAGE} bytes`);
    this.#memory = new WebAssembly.Memory({ initial: pages });
    compiled ??= new WebAssembly.Module(Buffer.from(symmetric, "base64"));
    const abort = () => {
      throw new Error("the kernel of factorizations failed");
    };
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory: this.#memory, abort } });
    this.kernel = exports as unknown as Kernel;
  }

  /** A piece of `count` float64, aligned to a line of the cache; its address is `byteOffset`. */
  floats(count: number): Float64Array {
    const piece = new Float64Array(this.#memory.buffer, this.#end, count);
    this.#end = Math.ceil((this.#end + count * 8) / 64) * 64;
    return piece;
  }
}
