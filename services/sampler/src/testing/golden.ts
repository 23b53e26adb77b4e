/** @file For tests: the reference's networks and results. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type FloatTensor, type Tensor, type WireType, wireTypes, writeTensor } from "@tandem/contracts";
import { readSafetensors, toFloat32 } from "@tandem/formats";

const root = process.env.TANDEM_GOLDEN ?? fileURLToPath(new URL("../../../../e2e/golden", import.meta.url));

/** Path of a golden file. */
export function golden(path: string): string {
  return join(root, path);
}

/** Float32 tensors of a golden file, by name. */
export async function goldenTensors(path: string): Promise<Record<string, FloatTensor>> {
  const { tensors } = await readSafetensors(golden(path));
  const floats = [...tensors].filter(([, { dtype }]) => dtype === "F32");
  return Object.fromEntries(floats.map(([name, tensor]) => [name, { shape: tensor.shape, data: toFloat32(tensor) }]));
}

/** A tensor as a message, float32 unless said otherwise. */
export function message(tensor: FloatTensor, wireType: WireType = wireTypes[0]!, withChecksum = false): Tensor {
  return writeTensor(tensor, wireType, withChecksum);
}

/** Largest absolute difference over the largest absolute expected value. */
export function relativeError(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} values instead of ${expected.length}`);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return actual.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0) / largest;
}

/** Samples n to m of a batch. */
export function slice({ shape, data }: FloatTensor, from: number, to: number): FloatTensor {
  const size = data.length / shape[0]!;
  return { shape: [to - from, ...shape.slice(1)], data: data.slice(from * size, to * size) };
}

/** Points in the plane that are the same in every run, [count, 2]. */
export function points(count: number, scale = 1): FloatTensor {
  return { shape: [count, 2], data: Float32Array.from({ length: 2 * count }, (_, i) => scale * Math.sin(3 * i + 1)) };
}

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), "tandem-sampler-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Whether two arrays hold the same bytes; a comparison that stays fast, and readable, when they do not. */
export function sameBytes(a: Float32Array | Uint8Array, b: Float32Array | Uint8Array): boolean {
  const bytes = (array: Float32Array | Uint8Array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return Buffer.compare(bytes(a), bytes(b)) === 0;
}
