/** A wrong gradient still trains, only worse: it must show here. */
import { describe, expect, it } from "@jest/globals";
import { Graph, gradients, toOnnx, type Value } from "./index.js";
import { evaluate, values } from "./testing/evaluate.js";
import type { Case } from "./testing/operator-cases.js";

/**
 * Weights enter every operator linearly: differences of a large step are exact, up to float32's rounding of the sum.
 */
describe("the gradient of weights", () => {
  const window = { stride: 2, pads: [1, 0, 0, 1] as const };
  const weighted: Record<
    string,
    { shapes: readonly (readonly number[])[]; build: Case["build"]; of: readonly number[] }
  > = {
    linear: {
      shapes: [
        [3, 2],
        [4, 2],
      ],
      build: (g, [x, w]) => g.linear(x!, w!),
      of: [0, 1],
    },
    gemm: {
      shapes: [
        [2, 3],
        [4, 2],
        [3, 4],
      ],
      build: (g, [a, b, c]) => g.gemm(a!, b!, c!, { transposeA: true, transposeB: true, alpha: 2, beta: 3 }),
      of: [0, 1, 2],
    },
    "matmul of a broadcast matrix": {
      shapes: [
        [2, 3, 2],
        [4, 2],
      ],
      build: (g, [a, b]) => g.matmul(a!, b!, { transposeB: true, alpha: 2 }),
      of: [0, 1],
    },
    "a strided convolution": {
      shapes: [
        [2, 2, 5, 4],
        [3, 2, 3, 2],
      ],
      build: (g, [x, w]) => g.conv(x!, w!, window),
      of: [0, 1],
    },
    "a convolution": {
      shapes: [
        [2, 2, 3, 4],
        [3, 2, 3, 3],
      ],
      build: (g, [x, w]) => g.conv(x!, w!),
      of: [0, 1],
    },
    layerNorm: { shapes: [[2, 3], [3], [3]], build: (g, [x, w, b]) => g.layerNorm(x!, w!, b!, 0.1), of: [1, 2] },
    groupNorm: {
      shapes: [
        [2, 4, 1, 3],
        [1, 4, 1, 1],
        [1, 4, 1, 1],
      ],
      build: (g, [x, w, b]) => g.groupNorm(x!, w!, b!, { groups: 2, epsilon: 0.1 }),
      of: [1, 2],
    },
    "rowConv of many channels": {
      shapes: [
        [8, 2],
        [18, 2],
      ],
      build: (g, [x, w]) => g.rowConv([x!, w!, rowsOfTaps(g, w!)], 2),
      of: [1],
    },
    "rowConv of few channels": {
      shapes: [
        [8, 1],
        [72, 1],
      ],
      build: (g, [x, w]) => g.rowConv([x!, w!, rowsOfTaps(g, w!)], 2, { alpha: 2 }),
      of: [1],
    },
    "a broadcast product": {
      shapes: [
        [2, 3],
        [1, 3],
      ],
      build: (g, [a, b]) => g.mul(a!, b!),
      of: [0, 1],
    },
    "a broadcast difference": { shapes: [[2, 3], [3]], build: (g, [a, b]) => g.sub(a!, b!), of: [0, 1] },
  };
  /** [9 O, C] -> [O, 9 C], as the forward product takes it. */
  const rowsOfTaps = (g: Graph, w: Value) => {
    const [outputs, channels] = [(w.shape[0] as number) / 9, w.shape[1] as number];
    return g.reshape(g.transpose(g.reshape(w, [9, outputs, channels]), [1, 0, 2]), [outputs, 9 * channels]);
  };

  it.each(Object.entries(weighted))("of %s", async (_, { shapes, build, of }) => {
    const g = new Graph();
    const x = shapes.map((shape, i) => g.input(`x${i}`, shape));
    const y = build(g, x);
    const pattern = g.constant(values(y.shape as number[], 5), y.shape as number[]);
    for (const [k, gradient] of gradients(
      g,
      g.mul(y, pattern),
      of.map((i) => x[i]!),
    ).entries())
      g.output(`d${k}`, gradient);
    g.output(
      "total",
      g.sum(g.reshape(g.mul(y, pattern), [1, pattern.shape.reduce<number>((a, b) => a * (b as number), 1)]), [1]),
    );
    const data = shapes.map(values);
    const run = (changed: readonly Float32Array[]) =>
      evaluate(g, Object.fromEntries(changed.map((each, i) => [`x${i}`, [each, shapes[i]!]])));
    const found = await run(data);
    const total = async (input: number, i: number, change: number) => {
      const changed = data.map((each, k) => (k === input ? each.with(i, each[i]! + change) : each));
      return ((await run(changed)).total!.data as Float32Array)[0]!;
    };
    for (const [k, input] of of.entries())
      for (const i of [0, 1, data[input]!.length - 1]) {
        const slope = ((await total(input, i, 0.5)) - (await total(input, i, -0.5))) / 1;
        const actual = (found[`d${k}`]!.data as Float32Array)[i]!;
        expect(Math.abs(actual - slope)).toBeLessThan(2e-4 * (1 + Math.abs(slope)));
      }
  });
});

describe("gradients", () => {
  it("add up where a value is used twice, and can be differentiated again", async () => {
    const g = new Graph();
    const x = g.input("x", [3]);
    const y = g.mul(g.mul(x, x), x);
    const [first] = gradients(g, y, [x]);
    const [second] = gradients(g, first!, [x]);
    g.output("first", first!);
    g.output("second", second!);
    const found = await evaluate(g, { x: [Float32Array.of(1, -2, 3), [3]] });
    expect([...(found.first!.data as Float32Array)]).toEqual([3, 12, 27]);
    expect([...(found.second!.data as Float32Array)]).toEqual([6, -12, 18]);
  });

  const twice: Record<string, Case["build"]> = {
    "silu of a linear layer": (g, [x, w]) => g.silu(g.linear(x!, w!)),
    "a quotient": (g, [x, w]) => g.div(x!, g.shift(g.mul(w!, w!), 1)),
    "a root": (g, [x]) => g.sqrt(g.shift(g.mul(x!, x!), 1)),
    "a logarithm": (g, [x]) => g.log(g.shift(g.mul(x!, x!), 1)),
    "squares of rows": (g, [x, w]) => g.mul(g.rowSquares(x!), g.rowSquares(w!)),
    "joined, padded, silu": (g, [x, w]) => g.silu(g.pad(g.concat([x!, w!], 1), 1, 1)),
    "a sum of rows, expanded": (g, [x]) => g.mul(g.expand(g.sum(g.exp(x!), [1]), x!), x!),
  };

  it.each(Object.entries(twice))("are right where a loss is about a score: %s", async (_, build) => {
    const shape = [3, 3];
    const g = new Graph();
    const [x, w] = [g.input("x", shape), g.input("w", shape)];
    const y = build(g, [x, w]);
    const [score] = gradients(g, g.mul(y, y), [x]);
    const loss = g.mul(score!, g.constant(values(shape, 5), shape));
    g.output("loss", loss);
    g.output("dx", gradients(g, loss, [x])[0]!);
    const [data, other] = [1, 2].map((salt) => values(shape, salt).map((value) => value / 2)) as [
      Float32Array,
      Float32Array,
    ];
    const run = (changed: Float32Array) => evaluate(g, { x: [changed, shape], w: [other, shape] });
    const total = async (i: number, change: number) =>
      ((await run(data.with(i, data[i]! + change))).loss!.data as Float32Array).reduce((sum, each) => sum + each, 0);
    const { dx } = await run(data);
    for (const i of data.keys()) {
      const slope = async (h: number) => ((await total(i, h)) - (await total(i, -h))) / (2 * h);
      // Two steps cancel each other's error (Richardson), so that both can stay far above float32's rounding.
      const exact = (4 * (await slope(0.02)) - (await slope(0.04))) / 3;
      expect(Math.abs((dx!.data as Float32Array)[i]! - exact)).toBeLessThan(1e-3 * (1 + Math.abs(exact)));
    }
  });

  it("do not compute what nobody asked for", async () => {
    const g = new Graph();
    const [x, w] = [g.input("x", [2, 3]), g.input("w", [4, 3])];
    const [dw] = gradients(g, g.linear(x, w), [w]);
    g.output("dw", dw!);
    const { protobuf } = await toOnnx(g);
    const products = Buffer.from(protobuf).toString("latin1").split("FusedMatMul").length - 1;
    expect(products).toBe(1);
  });

  it("of what is not used are refused", () => {
    const g = new Graph();
    const [x, unused] = [g.input("x", [2]), g.input("unused", [2])];
    expect(() => gradients(g, g.exp(x), [unused])).toThrow("does not depend on");
  });
});
