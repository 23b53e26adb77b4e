/** @file One thread's share of a pass: pieces of tensors read from every input, summed for every output, written. */
import { readSync, writeSync } from "node:fs";
import { DomainError } from "@tandem/errors";
import { type DType, elementBytes, toFloat32 } from "@tandem/formats";
import { accumulate as module64 } from "../generated/accumulate.wasm.js";
import { type Pass, PIECE, type SummedTensor } from "./work.js";

/** Inputs that are added at once: their values stay in registers while the sums pass by. */
const GROUP = 4;
/** Elements that are widened at once: four inputs of them fit in the innermost cache. */
const BLOCK = 1024;
const PAGE = 2 ** 16;

interface Kernel {
  widen16(from: number, to: number, count: number): void;
  widenB16(from: number, to: number, count: number): void;
  accumulate(...values: number[]): void;
  narrow16(from: number, to: number, count: number): number;
  hasSpecial(from: number, count: number): number;
}

/** Sums pieces. Its memory does not depend on the size of the network. */
export class Accumulator {
  readonly #kernel: Kernel;
  readonly #bytes: Uint8Array;
  readonly #floats: Float32Array;
  /** Addresses: bytes as read, per input of a group; widened blocks; sums; coefficients; bytes to write. */
  readonly #raw = 0;
  readonly #wide = GROUP * PIECE * 8;
  readonly #sums = this.#wide + GROUP * BLOCK * 4;
  readonly #coefficients: number;
  readonly #narrow: number;
  readonly #groups: number;

  constructor(private readonly pass: Pass) {
    const { inputs, outputs } = pass;
    this.#groups = Math.ceil(inputs.length / GROUP);
    this.#coefficients = this.#sums + outputs.length * PIECE * 4;
    this.#narrow = this.#coefficients + this.#groups * outputs.length * GROUP * 4;
    const pages = Math.ceil((this.#narrow + PIECE * 2) / PAGE) + 1;
    const memory = new WebAssembly.Memory({ initial: pages });
    const compiled = new WebAssembly.Module(Buffer.from(module64, "base64"));
    const abort = () => {
      throw new Error("the kernel of sums failed");
    };
    this.#kernel = new WebAssembly.Instance(compiled, { env: { memory, abort } }).exports as unknown as Kernel;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#floats = new Float32Array(memory.buffer);
    for (let input = 0; input < inputs.length; input++)
      for (const [output, { coefficients }] of outputs.entries()) {
        const at = (Math.floor(input / GROUP) * outputs.length + output) * GROUP + (input % GROUP);
        this.#floats[this.#coefficients / 4 + at] = coefficients[input]!;
      }
  }

  /** @returns bytes read @throws DomainError UNSAFE_FILE (an input became shorter), NOT_FINITE naming input and tensor */
  sum(tensor: SummedTensor, first: number, count: number): number {
    const { inputs, outputs } = this.pass;
    let bytes = 0;
    for (let at = this.#sums / 4, end = at + outputs.length * PIECE; at < end; at += PIECE)
      this.#floats.fill(0, at, at + Math.ceil(count / 8) * 8);
    for (let group = 0; group < this.#groups; group++) {
      const members = Math.min(GROUP, inputs.length - group * GROUP);
      for (let i = 0; i < members; i++) bytes += this.#read(tensor, group * GROUP + i, i, first, count);
      this.#add(tensor, group, members, count);
    }
    for (const [output, { fd }] of outputs.entries())
      this.#write(tensor, fd, this.#sums + output * PIECE * 4, tensor.outputs[output]!, first, count);
    return bytes;
  }

  #read({ inputs }: SummedTensor, input: number, member: number, first: number, count: number): number {
    const { dtype, begin } = inputs[input]!;
    const { fd, name } = this.pass.inputs[input]!;
    const size = elementBytes[dtype];
    const length = count * size;
    const at = this.#raw + member * PIECE * 8;
    for (let done = 0; done < length; ) {
      const read = readSync(fd, this.#bytes, at + done, length - done, begin + first * size + done);
      if (read === 0) throw new DomainError("UNSAFE_FILE", `${name} ends early: it was changed`, { resource: name });
      done += read;
    }
    return length;
  }

  #add({ inputs }: SummedTensor, group: number, members: number, count: number): void {
    const { outputs } = this.pass;
    const coefficients = this.#coefficients + group * outputs.length * GROUP * 4;
    for (let i = members; i < GROUP; i++)
      this.#floats.fill(0, this.#wide / 4 + i * BLOCK, this.#wide / 4 + (i + 1) * BLOCK);
    for (let block = 0; block < count; block += BLOCK) {
      const length = Math.min(BLOCK, Math.ceil((count - block) / 8) * 8); // what lies behind the end is summed, never written
      for (let i = 0; i < members; i++) this.#widen(inputs[group * GROUP + i]!.dtype, i, block, length);
      const sums = this.#sums + block * 4;
      this.#kernel.accumulate(sums, PIECE * 4, length, this.#wide, BLOCK * 4, coefficients, outputs.length);
    }
  }

  #widen(dtype: DType, member: number, block: number, count: number): void {
    const from = this.#raw + member * PIECE * 8 + block * elementBytes[dtype];
    const to = this.#wide + member * BLOCK * 4;
    if (dtype === "F16") this.#kernel.widen16(from, to, count);
    else if (dtype === "BF16") this.#kernel.widenB16(from, to, count);
    else if (dtype === "F32") this.#bytes.copyWithin(to, from, from + count * 4);
    else {
      const data = this.#bytes.subarray(from, from + count * elementBytes[dtype]);
      this.#floats.set(toFloat32({ dtype, shape: [count], data }), to / 4);
    }
  }

  #write(tensor: SummedTensor, fd: number, sums: number, place: number, first: number, count: number): void {
    const { outputType } = this.pass;
    const size = elementBytes[outputType];
    const padded = Math.ceil(count / 8) * 8;
    this.#floats.fill(0, sums / 4 + count, sums / 4 + padded);
    const isHalf = outputType === "F16";
    const special = isHalf ? this.#kernel.narrow16(sums, this.#narrow, padded) : this.#kernel.hasSpecial(sums, padded);
    if (special) throw this.#notFinite(tensor, first, count);
    const at = isHalf ? this.#narrow : sums;
    const length = count * size;
    for (let done = 0; done < length; )
      done += writeSync(fd, this.#bytes, at + done, length - done, place + first * size + done);
  }

  /** Finds the input at fault: the sum shows only that there is one. */
  #notFinite(tensor: SummedTensor, first: number, count: number): DomainError {
    for (const [input, { name }] of this.pass.inputs.entries()) {
      const { dtype } = tensor.inputs[input]!;
      const bytes = this.#read(tensor, input, 0, first, count);
      const values = toFloat32({ dtype, shape: [count], data: this.#bytes.slice(this.#raw, this.#raw + bytes) });
      const at = values.findIndex((value) => !Number.isFinite(value));
      if (at < 0) continue;
      const message = `${name}: element ${first + at} of ${tensor.name} is ${values[at]}; leave this snapshot out`;
      return new DomainError("NOT_FINITE", message, { resource: name });
    }
    const message = `${tensor.name}: the sum is beyond the range of ${this.pass.outputType}; such coefficients need more snapshots`;
    return new DomainError("NOT_FINITE", message, { resource: tensor.name });
  }
}
