/** A graph that onnxruntime misreads gives wrong images without an error: every form that reaches the protobuf runs here. */
import { describe, expect, it } from "@jest/globals";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { type Fill, Graph, type OnnxModel, toOnnx } from "./index.js";

const run = async (model: OnnxModel, feeds: Record<string, Tensor>) => {
  const session = await InferenceSession.create(model.protobuf, { externalData: [...model.externalData] });
  return session.run(feeds);
};

const bytes = (values: Float32Array) => new Uint8Array(values.buffer);

/** Parameters filled with i * factor. */
const counting: Fill = async (parameters) =>
  parameters.map(({ path, shape, factor }) => {
    const count = shape.reduce((a, b) => a * b, 1);
    return { path, data: bytes(new Float32Array(count).map((_, i) => i * factor)) };
  });

const weight = (g: Graph, name: string, shape: number[]) =>
  g.parameter({ name, type: "float32", shape, source: {}, factor: 1, cost: 0 });

describe("a graph", () => {
  it("runs at any batch size, with its weights beside the protobuf", async () => {
    const g = new Graph();
    const x = g.input("x", ["N", 3]);
    g.output("y", g.linear(g.scale(x, 2), weight(g, "w", [2, 3])));
    const model = await toOnnx(g, counting);
    expect(model.externalData).toHaveLength(1);
    for (const n of [1, 4]) {
      const { y } = await run(model, { x: new Tensor("float32", new Float32Array(3 * n).fill(1), [n, 3]) });
      expect(Array.from(y!.data as Float32Array)).toEqual(Array.from({ length: n }, () => [6, 24]).flat());
    }
  });

  it("keeps large constants of one shape apart", async () => {
    const g = new Graph();
    const x = g.input("x", ["N", 1]);
    const [two, three] = [2, 3].map((value) => g.constant(new Float32Array(300).fill(value), [1, 300]));
    g.output("y", g.add(g.mul(x, two!), three!));
    const { y } = await run(await toOnnx(g), { x: new Tensor("float32", Float32Array.of(5), [1, 1]) });
    expect(new Set(y!.data as Float32Array)).toEqual(new Set([13]));
  });

  it("refuses shapes that do not fit, naming layer and operator", () => {
    const g = new Graph();
    const x = g.input("x", ["N", 3]);
    expect(() => g.layer("emb", () => g.linear(x, weight(g, "w", [2, 4])))).toThrow(/^emb: linear: .*\[N,3\].*\[2,4\]/);
  });
});
