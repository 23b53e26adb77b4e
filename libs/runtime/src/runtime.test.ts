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

const cpu = { provider: "cpu" };
const ones = (length: number) => new Float32Array(length).fill(1);

describe("a runtime", () => {
  let runtime = new Runtime();
  afterEach(async () => {
    await runtime.close();
    runtime = new Runtime();
  });

  it("evaluates a network and says what runs it", async () => {
    const net = await runtime.load("net", scaling(2), cpu);
    const { outputs, timing } = await net.evaluate({ count: 2, inputs: { x: ones(8) } });
    expect([...outputs.y!]).toEqual(new Array(8).fill(2));
    expect(timing.computeMs).toBeGreaterThan(0);
    expect(net.execution).toMatchObject({ provider: "cpu", requestedProvider: "cpu", runtime: "onnxruntime 1.30.0" });
  });

  it("fills up a graph whose batch is fixed, and cuts off what was filled in", async () => {
    const net = await runtime.load(
      "net",
      async () => {
        const graph = new Graph();
        graph.output("y", graph.scale(graph.input("x", [3, 4]), 2));
        return toOnnx(graph);
      },
      cpu,
    );
    expect(net.maxBatchSize).toBe(3);
    const counts = [1, 2, 3, 2];
    const results = await Promise.all(counts.map((count) => net.evaluate({ count, inputs: { x: ones(4 * count) } })));
    expect(results.map(({ outputs }) => [...outputs.y!])).toEqual(counts.map((count) => new Array(4 * count).fill(2)));
    await expect(net.evaluate({ count: 4, inputs: { x: ones(16) } })).rejects.toMatchObject({
      reason: "BATCH_TOO_LARGE",
    });
  });

  it("keeps networks apart", async () => {
    const [net, gnet] = await Promise.all([
      runtime.load("net", scaling(2), cpu),
      runtime.load("gnet", scaling(3), cpu),
    ]);
    const [a, b] = await Promise.all([net, gnet].map((it) => it.evaluate({ count: 1, inputs: { x: ones(4) } })));
    expect([a!.outputs.y![0], b!.outputs.y![0]]).toEqual([2, 3]);
    expect(runtime.list().map(({ name, state }) => [name, state])).toEqual([
      ["gnet", "ready"],
      ["net", "ready"],
    ]);
  });

  it("refuses a name that is taken, and an unknown one", async () => {
    await runtime.load("net", scaling(2), cpu);
    await expect(runtime.load("net", scaling(2))).rejects.toMatchObject({ reason: "OUTPUT_EXISTS" });
    expect(() => runtime.get("gnet")).toThrow("no network gnet");
  });

  it("finishes what it has when a network is unloaded, and refuses what comes after", async () => {
    const net = await runtime.load("net", scaling(2), cpu);
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

  it("evicts the network unused for longest when memory runs out, and loads it again on next use", async () => {
    const oneBytes = (await scaling(2)()).protobuf.byteLength;
    const states: string[] = [];
    runtime = new Runtime({
      memoryBudgetBytes: 2.5 * oneBytes,
      onEvent: (event) => event.kind === "state" && states.push(`${event.model} ${event.state}`),
    });
    const a = await runtime.load("a", scaling(2), cpu);
    const b = await runtime.load("b", scaling(3), cpu);
    await a.evaluate({ count: 1, inputs: { x: ones(4) } });
    states.length = 0;
    await runtime.load("c", scaling(4), cpu);
    expect(states).toEqual(["c loading", "b evicted", "c ready"]);
    states.length = 0;
    expect((await b.evaluate({ count: 1, inputs: { x: ones(4) } })).outputs.y![0]).toBe(3);
    expect(states).toEqual(["b loading", "a evicted", "b ready"]);
    expect(runtime.list().map(({ name, state }) => `${name} ${state}`)).toEqual(["a evicted", "b ready", "c ready"]);
  });

  it("refuses a network that is larger than its memory, and leaves the others in place", async () => {
    const oneBytes = (await scaling(2)()).protobuf.byteLength;
    runtime = new Runtime({ memoryBudgetBytes: oneBytes });
    await runtime.load("small", scaling(2), cpu);
    const large = async () => {
      const graph = new Graph();
      const x = graph.input("x", ["N", 64]);
      graph.output("y", graph.add(x, graph.constant(new Float32Array(64), [1, 64])));
      return toOnnx(graph);
    };
    await expect(runtime.load("large", large, cpu)).rejects.toMatchObject({
      reason: "OUT_OF_MEMORY",
      details: { metadata: { max: oneBytes } },
    });
    expect(runtime.list()).toMatchObject([{ name: "small", state: "ready" }]);
  });

  it("says why an evicted network cannot come back, and takes it when it can", async () => {
    const oneBytes = (await scaling(2)()).protobuf.byteLength;
    runtime = new Runtime({ memoryBudgetBytes: 1.5 * oneBytes });
    let isGone = false;
    const source = () => (isGone ? Promise.reject(new Error("net.safetensors is gone")) : scaling(2)());
    const net = await runtime.load("net", source, cpu);
    await runtime.load("other", scaling(3), cpu);
    isGone = true;
    await expect(net.evaluate({ count: 1, inputs: { x: ones(4) } })).rejects.toThrow("net.safetensors is gone");
    isGone = false;
    expect((await net.evaluate({ count: 1, inputs: { x: ones(4) } })).outputs.y![0]).toBe(2);
  });

  it("leaves nothing behind when a source or a session fails", async () => {
    const failing = () => Promise.reject(new Error("no such file"));
    await expect(runtime.load("net", failing, cpu)).rejects.toThrow("no such file");
    const damaged = async () => ({ ...(await scaling(2)()), protobuf: Uint8Array.of(1, 2, 3) });
    await expect(runtime.load("net", damaged, cpu)).rejects.toThrow("onnxruntime refuses the graph");
    await runtime.load("net", scaling(2), cpu);
  });

  it("refuses networks whose samples have no fixed size", async () => {
    const source = async (): Promise<OnnxModel> => {
      const graph = new Graph();
      graph.output("y", graph.scale(graph.input("x", ["N", "M"]), 2));
      return toOnnx(graph);
    };
    await expect(runtime.load("net", source, cpu)).rejects.toMatchObject({ reason: "NOT_SUPPORTED" });
  });

  it("tells every batch to whoever measures", async () => {
    const batches: unknown[] = [];
    runtime = new Runtime({ onEvent: (event) => event.kind === "batch" && batches.push(event) });
    const net = await runtime.load("net", scaling(2), cpu);
    await Promise.all([1, 2, 3].map((count) => net.evaluate({ count, inputs: { x: ones(4 * count) } })));
    expect(batches).toMatchObject([{ model: "net", requests: 3, samples: 6, hasFailed: false }]);
  });

  it("rejects what waits when it closes, and everything after", async () => {
    const net = await runtime.load("net", scaling(2), cpu);
    const waiting = net.evaluate({ count: 1, inputs: { x: ones(4) } });
    const closing = runtime.close();
    await expect(waiting).rejects.toMatchObject({ reason: "MODEL_NOT_READY" });
    await closing;
    await expect(runtime.load("net", scaling(2), cpu)).rejects.toMatchObject({ reason: "MODEL_NOT_READY" });
  });

  it.each([
    ["threads", { threads: 0 }],
    ["queueLimit", { queueLimit: 1.5 }],
    ["memoryBudgetBytes", { memoryBudgetBytes: -1 }],
  ])("refuses a bad %s", (field, options) => {
    expect(() => new Runtime(options)).toThrow(field);
  });
});
