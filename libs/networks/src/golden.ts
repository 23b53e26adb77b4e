/** @file For tests: the reference's networks and results, and a bare session to run ours. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readSafetensors, toFloat32 } from "@tandem/formats";
import type { OnnxModel } from "@tandem/graph";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { networkConfig } from "./architectures.js";
import { camelCaseFields } from "./file/reference-fields.js";
import type { Network } from "./network.js";

const root = process.env.TANDEM_GOLDEN ?? fileURLToPath(new URL("../../../e2e/golden", import.meta.url));

/** Path of a golden file. */
export const golden = (path: string): string => `${root}/${path}`;

/** A golden JSON file. */
export const goldenJson = (path: string): unknown => JSON.parse(readFileSync(golden(path), "utf8"));

/** A golden tensor file as float32. */
export async function goldenTensors(
  path: string,
): Promise<Record<string, { data: Float32Array; shape: readonly number[] }>> {
  const { tensors } = await readSafetensors(golden(path));
  return Object.fromEntries(
    [...tensors].map(([name, tensor]) => [name, { data: toFloat32(tensor), shape: tensor.shape }]),
  );
}

/** A network whose tensors lie beside its configuration; `weights` may come from another folder's file. */
export async function goldenNetwork(name: string): Promise<Network> {
  const config = networkConfig({
    kind: "edm2_unet",
    ...camelCaseFields(goldenJson(`network/${name}/config.json`) as Record<string, unknown>),
  });
  const { tensors } = await readSafetensors(golden(`network/${name}/weights.safetensors`));
  return { config, tensors, encoding: { kind: "rgb" }, provenance: {}, digest: "sha256:", format: "memory" };
}

/** Whether the folder has it; case lists come from the folder itself. */
export const hasGolden = (path: string): boolean => existsSync(golden(path));

/** Runs a model; every output as float32. */
export async function openSession(model: OnnxModel, options: InferenceSession.SessionOptions = {}) {
  const session = await InferenceSession.create(Uint8Array.from(model.protobuf), {
    externalData: [...model.externalData],
    logSeverityLevel: 3,
    ...options,
  });
  return async (
    inputs: Record<string, { data: Float32Array; shape: readonly number[] }>,
  ): Promise<Record<string, Float32Array>> => {
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, { data, shape }]) => [name, new Tensor("float32", data, shape)]),
    );
    const results = await session.run(feeds);
    return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, tensor.data as Float32Array]));
  };
}

/** Largest absolute difference over the largest absolute expected value. */
export function relativeError(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} values instead of ${expected.length}`);
  let error = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    error = Math.max(error, Math.abs(actual[i]! - expected[i]!));
    largest = Math.max(largest, Math.abs(expected[i]!));
    if (Number.isNaN(actual[i]!)) return Number.NaN;
  }
  return error / largest;
}
