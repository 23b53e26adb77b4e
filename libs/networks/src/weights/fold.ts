/** @file Weight normalization, done once at load (numerics, section 2, MP-Conv; eq. 47). */
import { writeFileSync } from "node:fs";
import { type TensorData, toFloat32 } from "@tandem/formats";

/** What becomes one constant of the graph. Everything in it can be sent to a thread without a copy. */
export interface FoldJob {
  /** State-dict name, for errors. */
  readonly name: string;
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

/**
 * Folds tensors one after the other; those that become files share one buffer.
 * @returns the name of the first tensor that holds NaN or infinity, which ends the work; undefined when all is well
 */
export function foldEach(jobs: readonly FoldJob[]): string | undefined {
  const largest = Math.max(0, ...jobs.filter(({ target }) => typeof target === "string").map(elementsOf));
  const scratch = new ArrayBuffer(4 * largest);
  for (const job of jobs) {
    const { target, type } = job;
    const bytes = elementsOf(job) * (type === "float16" ? 2 : 4);
    const memory = typeof target === "string" ? new Uint8Array(scratch, 0, bytes) : target;
    const isUsable = fold(
      job,
      type === "float16"
        ? new Float16Array(memory.buffer, memory.byteOffset, bytes / 2)
        : new Float32Array(memory.buffer, memory.byteOffset, bytes / 4),
    );
    if (!isUsable) return job.name;
    if (typeof target === "string") writeFileSync(target, memory, { flag: "wx" });
  }
  return undefined;
}

/** EDM2's epsilon of normalize(). */
const epsilon = 1e-4;

/** Rows per tensor, and elements per row (the fan-in). */
const rowLength = ({ shape }: TensorData): number => shape.slice(1).reduce((a, b) => a * b, 1);

/** target = w / (epsilon + rms of w's row) * factor / sqrt(fan-in). Sums in float64, products in float32. False when it is not finite. */
function fold({ tensor, role, factor }: FoldJob, target: Float32Array | Float16Array): boolean {
  const values = floats(tensor);
  if (role === "buffer") {
    for (let i = 0; i < values.length; i++) target[i] = values[i]! * factor;
    return values.every(Number.isFinite);
  }
  const fanIn = rowLength(tensor);
  for (let start = 0; start < values.length; start += fanIn) {
    const rms = Math.sqrt(sumOfSquares(values, start, start + fanIn) / fanIn);
    if (!Number.isFinite(rms)) return false;
    const scale = Math.fround(factor / Math.sqrt(fanIn) / (epsilon + rms));
    for (let i = start; i < start + fanIn; i++) target[i] = Math.fround(values[i]! * scale);
  }
  return true;
}

/** Four sums at once: one would wait for its own last addition at every element. */
function sumOfSquares(values: Float16Array | Float32Array, start: number, end: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = start;
  for (; i + 3 < end; i += 4) {
    const w = values[i]!;
    const x = values[i + 1]!;
    const y = values[i + 2]!;
    const z = values[i + 3]!;
    a += w * w;
    b += x * x;
    c += y * y;
    d += z * z;
  }
  for (; i < end; i++) a += values[i]! * values[i]!;
  return a + b + c + d;
}

/** float16 and float32 in place, where they lie aligned; other types as float32 copies. */
function floats(tensor: TensorData): Float16Array | Float32Array {
  const { buffer, byteOffset, byteLength } = tensor.data;
  return tensor.dtype === "F16" && byteOffset % 2 === 0
    ? new Float16Array(buffer, byteOffset, byteLength / 2)
    : toFloat32(tensor);
}
