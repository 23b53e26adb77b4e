/** @file A batch: several requests' samples, one after the other, as the device takes and returns them. */
import type { TensorSpec } from "@tandem/graph";
import type { Turn } from "./device-gate.js";
import type { EvaluationRequest } from "./evaluator.js";

/** Inputs of a batch. */
export interface Batch {
  readonly count: number;
  /** Data by input name, `count` samples each. */
  readonly inputs: Readonly<Record<string, Float32Array<ArrayBuffer>>>;
  /** Outputs that somebody wants. */
  readonly outputs: readonly string[];
}

/** Outputs of a batch, and its inputs' memory for the next one. */
export interface BatchResult {
  readonly outputs: Readonly<Record<string, Float32Array>>;
  /** Compute alone, milliseconds. */
  readonly computeMs: number;
  /** Buffers of the inputs by name, to be used again. */
  readonly buffers: Readonly<Record<string, ArrayBuffer>>;
}

/** What a Batcher drives: a session in a worker thread, or a test's stand-in. */
export interface BatchDevice {
  /** Makes the network ready to run (it may have been evicted). @returns undefined when it is */
  prepare(): Promise<void> | undefined;
  /** Waits for the device, which other networks may share. */
  request(turn: Turn): void;
  run(batch: Batch): Promise<BatchResult>;
}

/** Numbers of one sample of a tensor: the product of all extents but the first. */
export function sampleSize(spec: TensorSpec): number {
  return spec.shape.slice(1).reduce<number>((size, extent) => size * Number(extent), 1);
}

/** Samples of every batch where the graph fixes them; undefined where any number will do. */
export function fixedBatch(specs: readonly TensorSpec[]): number | undefined {
  const extent = specs[0]?.shape[0];
  return typeof extent === "number" ? extent : undefined;
}

/**
 * Copies requests' inputs side by side: the one copy an input sees between its caller and the device.
 * @param buffers memory of an earlier batch by input name; used where it is large enough
 */
export function gather(
  specs: readonly TensorSpec[],
  requests: readonly EvaluationRequest[],
  buffers: Readonly<Record<string, ArrayBuffer>>,
): Batch {
  const count = requests.reduce((sum, request) => sum + request.count, 0);
  const inputs: Record<string, Float32Array<ArrayBuffer>> = {};
  for (const spec of specs) {
    const length = count * sampleSize(spec);
    const old = buffers[spec.name];
    const buffer = old && old.byteLength >= length * 4 ? old : new ArrayBuffer(length * 4);
    const data = new Float32Array(buffer, 0, length);
    let offset = 0;
    for (const request of requests) {
      const part = request.inputs[spec.name]!;
      const size = request.count * sampleSize(spec);
      if (part.length !== size) throw new Error(`the data of ${spec.name} was moved away while its request waited`);
      data.set(part, offset);
      offset += size;
    }
    inputs[spec.name] = data;
  }
  return { count, inputs, outputs: wantedOutputs(requests) };
}

function wantedOutputs(requests: readonly EvaluationRequest[]): string[] {
  return [...new Set(requests.flatMap((request) => request.outputs ?? []))];
}

/** A request's share of a batch's outputs: views from sample `start` on. */
export function share(
  specs: readonly TensorSpec[],
  request: EvaluationRequest,
  start: number,
  outputs: Readonly<Record<string, Float32Array>>,
): Record<string, Float32Array> {
  const result: Record<string, Float32Array> = {};
  for (const spec of specs) {
    if (!request.outputs?.includes(spec.name)) continue;
    const size = sampleSize(spec);
    result[spec.name] = outputs[spec.name]!.subarray(start * size, (start + request.count) * size);
  }
  return result;
}
