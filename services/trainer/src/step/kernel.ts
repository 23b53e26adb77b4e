/** @file The optimizer's kernel (assembly/optimizer.ts) over one memory. */
import { optimizer } from "../generated/optimizer.wasm.js";

/** What the kernel exports; pointers are bytes. */
export interface Kernel {
  project(
    low: number,
    high: number,
    taps: number,
    outputs: number,
    channels: number,
    raw: number,
    w: number,
    rows: number,
  ): void;
  update(...values: number[]): number;
  force(low: number, high: number, taps: number, outputs: number, channels: number, raw: number): void;
  gather(...values: number[]): void;
}

/** A memory holds at most this many bytes: WebAssembly's addresses have 32 bits. Larger networks take several. */
export const MEMORY_BYTES = 2 ** 32 - 2 ** 16;

const PAGE = 2 ** 16;
const module = new WebAssembly.Module(Buffer.from(optimizer, "base64"));

/** Memory that threads and onnxruntime share. */
export function createMemory(bytes: number): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE), maximum: PAGE, shared: true });
}

/** The kernel, working in a memory. */
export function openKernel(memory: WebAssembly.Memory): Kernel {
  const abort = () => {
    throw new Error("the optimizer's kernel failed");
  };
  return new WebAssembly.Instance(module, { env: { memory, abort } }).exports as unknown as Kernel;
}
