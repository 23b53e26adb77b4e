/**
 * Networks in real sessions and real threads. Small graphs: what they compute is known by heart.
 */
import { afterEach, describe, expect, it } from "@jest/globals";
import { Graph, type OnnxModel, toOnnx } from "@tandem/graph";
import { Runtime } from "./runtime.js";

/** y = factor x, for samples of `size` numbers. */
const scaling =
  (factor: number, size = 4) =>
  async (): Promise<OnnxModel> => {
    const graph = new Graph();
    graph.output("y", graph.scale(graph.input("x", ["N", size]), factor));
    return toOnnx(graph);
  };

const ones = (length: number) => new Float32Array(length).fill(1);

describe("a runtime", () => {
  let runtime = new Runtime();
  afterEach(async () => {
    await runtime.close();
    runtime = new Runtime();
  });

  it("evaluates a network and says what runs it", async () => {
    const net = await runtime.load("net", scaling(2));
    const { outputs, timing } = await net.evaluate({ count: 2, inputs: { x: ones(8) } });
    expect([...outputs.y!]).toEqual(new Array(8).fill(2));
    expect(timing.computeMs).toBeGreaterThan(0);
    expect(net.execution).toMatchObject({ requestedProvider: "auto", runtime: "onnxruntime 1.30.0" });
  });

  it("keeps networks apart", async () => {
    const [net, gnet] = await Promise.all([runtime.load("net", scaling(2)), runtime.load("gnet", scaling(3))]);
    const [a, b] = await Promise.all([net, gnet].map((it) => it.evaluate({ count: 1, inputs: { x: ones(4) } })));
    expect([a!.outputs.y![0], b!.outputs.y![0]]).toEqual([2, 3]);
    expect(runtime.list().map(({ name, state }) => [name, state])).toEqual([
      ["gnet", "ready"],
      ["net", "ready"],
    ]);
  });

  it("refuses a name that is taken, and an unknown one", async () => {
    await runtime.load("net", scaling(2));
    await expect(runtime.load("net", scaling(2))).rejects.toMatchObject({ reason: "OUTPUT_EXISTS" });
    expect(() => runtime.get("gnet")).toThrow("no network gnet");
  });

  it("finishes what it has when a network is unloaded, and refuses what comes after", async () => {
    const net = await runtime.load("net", scaling(2));
    const before = net.evaluate({ count: 1, inputs: { x: ones(4) } });
    const unloading = runtime.unload("net");
    await expect(net.evaluate({ count: 1, inputs: { x: ones(4) } })).rejects.toMatchObject({
      reason: "MODEL_NOT_READY",
      details: { metadata: { state: "unloading" } },
    });
    expect((await before).outputs.y![0]).toBe(2);
    await unloading;
    expect(runtime.list()).toEqual([]);
  });
});
