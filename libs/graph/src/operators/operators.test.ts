/** Every operator against arithmetic written out: a wrong axis or a misread attribute shows here, not in an image. */
import { describe, expect, it } from "@jest/globals";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { Graph, gradients, type OperatorName, operators, toOnnx } from "../index.js";
import { evaluate, values } from "../testing/evaluate.js";
import { cases } from "../testing/operator-cases.js";

describe.each(Object.entries(cases))("%s", (name, { inputs, isFixed, build, shape, element, step = 1e-4 }) => {
  const data = inputs.map(values);
  const exact = data.map((x) => Float64Array.from(x));
  const fed = Object.fromEntries(data.map((x, i) => [`x${i}`, [x, inputs[i]!] as const]));
  const declare = (g: Graph) =>
    inputs.map((extents, i) => g.input(`x${i}`, isFixed ? extents : ["N", ...extents.slice(1)]));

  it("computes what its definition says", async () => {
    const g = new Graph();
    g.output("y", build(g, declare(g)));
    const { y } = await evaluate(g, fed);
    expect(y!.dims).toEqual(shape);
    for (const [i, actual] of (y!.data as Float32Array).entries()) expect(actual).toBeCloseTo(element(exact, i), 5);
  });

  if (operators[name as OperatorName].gradient === null) {
    it("says that it has no gradient", () => {
      const g = new Graph();
      const x = declare(g);
      const y = build(g, x);
      expect(() => gradients(g, y, [x[0]!])).toThrow(`${name} has no gradient`);
    });
    return;
  }

  it("has the gradient that finite differences of its definition have", async () => {
    const g = new Graph();
    const x = declare(g);
    const y = build(g, x);
    const seed = g.input("seed", y.shape);
    const differentiable = name === "expand" ? [x[0]!] : x; // the other one tells only a shape
    if (name === "within") return expect(() => gradients(g, y, x, seed)).toThrow("no gradient"); // flat but for two jumps
    for (const [i, gradient] of gradients(g, y, differentiable, seed).entries()) g.output(`d${i}`, gradient);
    const weights = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.cos(5 * i + 2));
    const found = await evaluate(g, { ...fed, seed: [weights, shape] });
    const total = () => weights.reduce((sum, weight, i) => sum + weight * element(exact, i), 0);
    for (const [input, x] of exact.slice(0, differentiable.length).entries())
      for (const [i, at] of x.entries()) {
        x[i] = at + step;
        const above = total();
        x[i] = at - step;
        const slope = (above - total()) / (2 * step);
        x[i] = at;
        const error = Math.abs((found[`d${input}`]!.data as Float32Array)[i]! - slope);
        expect(error).toBeLessThan((name === "cast" ? 2e-3 : 2e-5) * (1 + Math.abs(slope)));
      }
  });
});

describe("a convolution with stride and padding of its own", () => {
  it("takes every second column, padded at the right alone", async () => {
    const g = new Graph();
    const x = g.input("x", ["N", 1, 2, 4]);
    g.output("y", g.conv(x, g.constant(Float32Array.of(1, 10, 100), [1, 1, 1, 3]), { stride: 2, pads: [0, 0, 0, 1] }));
    const { protobuf } = await toOnnx(g);
    const session = await InferenceSession.create(protobuf);
    const { y } = await session.run({
      x: new Tensor("float32", Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), [1, 1, 2, 4]),
    });
    expect(y!.dims).toEqual([1, 1, 1, 2]);
    expect([...(y!.data as Float32Array)]).toEqual([321, 43]);
  });

  it("refuses a window that is larger than the image", () => {
    const g = new Graph();
    const x = g.input("x", ["N", 1, 2, 2]);
    const kernel = g.constant(new Float32Array(9), [1, 1, 3, 3]);
    expect(() => g.conv(x, kernel, { pads: [0, 0, 0, 0] })).toThrow("a window of 3x3 does not fit into [N,1,2,2]");
  });
});

describe("the rule table", () => {
  it("says of every operator what its gradient is, or that there is none", () => {
    for (const rule of Object.values(operators)) expect("gradient" in rule).toBe(true);
  });
});
