/**
 * @file Weights that need no files: every element follows from the tensor's name and its own index, so two implementations in two
 * languages have the same network of 300 million parameters without exchanging it. FNV-1a over the name, then mulberry32; all
 * products modulo 2^32.
 */
import { fromFloat32, type TensorData } from "@tandem/formats";

// Taken once: in a test's context every look at a global costs more than the product.
const { imul } = Math;

/** The state that a name begins with. */
function hashOf(text: string): number {
  let hash = 2166136261 | 0;
  for (const byte of new TextEncoder().encode(text)) hash = imul(hash ^ byte, 16777619);
  return hash;
}

/** The first `count` 32-bit numbers of a name's stream. */
export function hashStream(name: string, count: number): Uint32Array {
  const numbers = new Uint32Array(count);
  let a = hashOf(name);
  for (let i = 0; i < count; i++) {
    a = (a + 0x6d2b79f5) | 0;
    let t = imul(a ^ (a >>> 15), a | 1);
    t = (t + imul(t ^ (t >>> 7), t | 61)) ^ t;
    numbers[i] = t ^ (t >>> 14);
  }
  return numbers;
}

/** offset + scale u, with u in [-1, 1); exact float32 for offset 0 and scale 1. */
export function hashValues(name: string, count: number, offset = 0, scale = 1): Float32Array {
  const stream = hashStream(name, count);
  const values = new Float32Array(new SharedArrayBuffer(4 * count));
  for (let i = 0; i < count; i++) values[i] = offset + scale * ((stream[i]! >>> 8) / 8388608 - 1);
  return values;
}

/** Offset and scale of a tensor's values: such that every layer keeps the size of its input, and no layer is without effect. */
function rule(name: string, shape: readonly number[]): readonly [offset: number, scale: number] {
  const last = name.slice(name.lastIndexOf(".") + 1);
  const fanIn = shape.slice(1).reduce((a, b) => a * b, 1);
  if (last === "num_batches_tracked") return [0, 0];
  if (last === "running_var") return [1, 0.3];
  if (last === "running_mean") return [0, 0.1];
  if (name === "decoder.conv_out.weight") return [0, 0.7 * Math.sqrt(3 / fanIn)];
  if (name === "decoder.conv_out.bias") return [0.5, 0.1];
  if (["cls_token", "pos_embed", "mask_token", "register_tokens"].includes(last)) return [0, 1];
  if (last === "gamma") return [0.4, 0.2];
  if (last === "bias") return [0, 0.1];
  return shape.length === 1 ? [1, 0.2] : [0, 1.4 * Math.sqrt(3 / fanIn)];
}

/** A network's tensors by the hash rule. @param prefix stands before every name, e.g. `dev/inception/` */
export function hashTensors(
  prefix: string,
  specs: Iterable<{ readonly name: string; readonly shape: readonly number[] }>,
): Map<string, TensorData> {
  const tensors = new Map<string, TensorData>();
  for (const { name, shape } of specs) {
    const [offset, scale] = rule(name, shape);
    const count = shape.reduce((a, b) => a * b, 1);
    tensors.set(name, fromFloat32(hashValues(prefix + name, count, offset, scale), shape, "F32"));
  }
  return tensors;
}
