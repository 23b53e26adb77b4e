/** @file Weight normalization, done once at load (numerics, section 2, MP-Conv; eq. 47). */
import { writeFileSync } from "node:fs";
import { type TensorData, toFloat32 } from "@tandem/formats";

/** What becomes one constant of the graph. Everything in it can be sent to a thread without a copy. */
export interface FoldJob {
  readonly tensor: TensorData;
  /** "weight": rows are normalized; "buffer": taken as it is. */
  readonly role: "weight" | "buffer";
  /** The result is multiplied by this: trained gain, absorbed factors. */
  readonly factor: number;
  readonly type: "float32" | "float16";
  /** Where the result goes: memory that threads share, or a new file. */
  readonly target: Uint8Array<SharedArrayBuffer> | string;
}

/** Elements of the result. */
export const elementsOf = ({ tensor }: FoldJob): number => tensor.shape.reduce((a, b) => a * b, 1);

/** Folds tensors one after the other; those that become files share one buffer. */
export function foldEach(jobs: readonly FoldJob[]): void {
  const largest = Math.max(0, ...jobs.filter(({ target }) => typeof target === "string").map(elementsOf));
  const scratch = new ArrayBuffer(4 * largest);
  for (const job of jobs) {
    const { target, type } = job;
    const bytes = elementsOf(job) * (type === "float16" ? 2 : 4);
    const memory = typeof target === "string" ? new Uint8Array(scratch, 0, bytes) : target;
    fold(
      job,
      type === "float16"
        ? new Float16Array(memory.buffer, memory.byteOffset, bytes / 2)
        : new Float32Array(memory.buffer, memory.byteOffset, bytes / 4),
    );
    if (typeof target === "string") writeFileSync(target, memory, { flag: "wx" });
  }
}

/** EDM2's epsilon of normalize(). */
const epsilon = 1e-4;

/** Rows per tensor, and elements per row (the fan-in). */
const rowLength = ({ shape }: TensorData): number => shape.slice(1).reduce((a, b) => a * b, 1);

/** target = w / (epsilon + rms of w's row) * factor / sqrt(fan-in). Sums in float64. */
function fold({ tensor, role, factor }: FoldJob, target: Float32Array | Float16Array): void {
  if (role === "buffer") {
    const values = toFloat32(tensor);
    for (let i = 0; i < values.length; i++) target[i] = values[i]! * factor;
    return;
  }
  const fanIn = rowLength(tensor);
  const read = rowReader(tensor, fanIn);
  for (let start = 0; start < target.length; start += fanIn) {
    const row = read(start);
    let squares = 0;
    for (let i = 0; i < fanIn; i++) squares += row[i]! * row[i]!;
    const scale = factor / Math.sqrt(fanIn) / (epsilon + Math.sqrt(squares / fanIn));
    for (let i = 0; i < fanIn; i++) target[start + i] = row[i]! * scale;
  }
}

/** float32 of every float16 by its bits: a look-up in 256 KiB is several times faster than converting. */
let halves: Float32Array | undefined;
function halfTable(): Float32Array {
  if (halves === undefined)
    halves = new Float32Array(new Float16Array(Uint16Array.from({ length: 65536 }, (_, i) => i).buffer));
  return halves;
}

/** Gives a row as float32; float16 goes through one buffer that the next row overwrites. */
function rowReader(tensor: TensorData, fanIn: number): (start: number) => Float32Array {
  if (tensor.dtype !== "F16" || tensor.data.byteOffset % 2 !== 0) {
    const values = toFloat32(tensor);
    return (start) => values.subarray(start, start + fanIn);
  }
  const bits = new Uint16Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength / 2);
  const table = halfTable();
  const row = new Float32Array(fanIn);
  return (start) => {
    for (let i = 0; i < fanIn; i++) row[i] = table[bits[start + i]!]!;
    return row;
  };
}
