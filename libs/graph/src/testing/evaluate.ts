/** @file For tests: numbers, and what onnxruntime makes of them. */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { type Graph, toOnnx } from "../index.js";

/** Values of both signs around 1, none near 0, no two alike. */
export const values = (shape: readonly number[], salt: number) =>
  Float32Array.from(
    { length: shape.reduce((a, b) => a * b, 1) },
    (_, i) => Math.sin(7 * i + 3 * salt + 1) + (i % 2 ? 1.2 : -1.2),
  );

/** Inputs by name: elements and shape. */
type Fed = Readonly<Record<string, readonly [Float32Array, readonly number[]]>>;

/** Runs a graph on the given inputs. */
export async function evaluate(g: Graph, fed: Fed): Promise<Record<string, Tensor>> {
  const session = await InferenceSession.create((await toOnnx(g)).protobuf, { logSeverityLevel: 3 });
  const feeds = Object.entries(fed).map(([name, [data, shape]]) => [name, new Tensor("float32", data, shape)]);
  return (await session.run(Object.fromEntries(feeds))) as Record<string, Tensor>;
}
