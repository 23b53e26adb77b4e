/** @file For tests: feature networks of hash weights, and images as the golden files hold them. */
import { readSafetensors, type TensorData, toFloat32 } from "@tandem/formats";
import { golden } from "../golden.js";
import { hashTensors } from "../testing/hash-weights.js";
import { type FeatureNetworkConfig, featureGraph, inputSize, preprocess } from "./architectures.js";
import type { FeatureNetwork } from "./feature-network.js";

/** A network whose weights follow from their names. */
export const hashNetwork = (config: FeatureNetworkConfig, prefix: string): FeatureNetwork => ({
  config,
  tensors: hashTensors(prefix, featureGraph(config).specs),
  digest: "sha256:",
});

/** Tensors of a golden file: floats by name, and uint8 images by name as the network's input. */
export async function goldenImages(path: string) {
  const { tensors } = await readSafetensors(golden(path));
  return {
    floats: (name: string) => toFloat32(tensors.get(name)!),
    input: (name: string, config: FeatureNetworkConfig) => inputOf(tensors.get(name)!, config),
  };
}

/** Images [N,3,h,w] as the network's input [N,3,H,W]. */
function inputOf({ shape, data }: TensorData, config: FeatureNetworkConfig) {
  const [count, , height, width] = shape as [number, number, number, number];
  const size = inputSize(config);
  const each = 3 * size[0] * size[1];
  const input = new Float32Array(count * each);
  for (let i = 0; i < count; i++) {
    const planes = data.subarray(i * 3 * height * width, (i + 1) * 3 * height * width);
    const pixels = planes.map((_, at) => planes[(at % 3) * height * width + Math.floor(at / 3)]!);
    preprocess(config, { width, height, data: pixels }, input.subarray(i * each, (i + 1) * each));
  }
  return { data: input, shape: [count, 3, ...size] };
}

/** A named activation as the golden files sample it. */
interface Tap {
  readonly rms: number;
  readonly index: readonly number[];
  readonly value: readonly number[];
}

/** Largest difference at the samples, over the activation's root mean square. */
export const tapError = (activation: Float32Array, { rms, index, value }: Tap): number =>
  Math.max(...index.map((at, i) => Math.abs(activation[at]! - value[i]!))) / rms;
