/**
 * Every provider of the table on the one suite, as far as this machine has it. A GPU that computes something else than the
 * CPU, or a CPU that calls itself a GPU, would ruin images without an error anywhere.
 */
import { describe, expect, it } from "@jest/globals";
import { Graph, type OnnxModel, toOnnx, type Value } from "@tandem/graph";
import { probeProviders } from "./provider-probe.js";
import { type ProviderName, parseProvider, providers } from "./providers.js";
import { Runtime } from "./runtime.js";
import { evaluatorSuite, smallNetwork } from "./testing.js";

const reports = new Map((await probeProviders()).map((report) => [report.provider, report]));

/** Why a provider cannot be tested here; undefined when it can. */
function whyNot(name: ProviderName): string | undefined {
  const report = reports.get(name);
  if (!report) return "not in this onnxruntime";
  return report.reason;
}

for (const name of Object.keys(providers) as ProviderName[]) {
  const reason = whyNot(name);
  if (reason === undefined) {
    evaluatorSuite(name, async ({ maxBatchSize, queueLimit }) => {
      const runtime = new Runtime({ queueLimit });
      const evaluator = await runtime.load("net", smallNetwork, {
        provider: name,
        requireProvider: true,
        maxBatchSize,
      });
      return { evaluator, unload: () => runtime.unload("net"), close: () => runtime.close() };
    });
  } else if (name === "webgpu" && process.env.TANDEM_REQUIRE_WEBGPU === "1") {
    it("webgpu works, as TANDEM_REQUIRE_WEBGPU asks", () => {
      throw new Error(reason);
    });
  } else if (name === "webgpu") {
    it.skip(`webgpu as an evaluator: ${reason}`, () => undefined);
  } else {
    it(`${name}, absent here, is refused with its reason: nothing falls back in silence`, async () => {
      const runtime = new Runtime();
      const loading = runtime.load("net", smallNetwork, { provider: name, requireProvider: true });
      await expect(loading).rejects.toMatchObject({
        reason: "PROVIDER_UNAVAILABLE",
        message: expect.stringContaining(name),
        details: { metadata: { available: expect.stringContaining("cpu") } },
      });
      await runtime.close();
    });
  }
}

/** The network with Softmax replaced by Hardmax, which onnxruntime's WebGPU does not have. */
const withHardmax = (build: (graph: Graph, x: Value) => Value) => async (): Promise<OnnxModel> => {
  const graph = new Graph();
  graph.output("y", build(graph, graph.input("x", ["N", 4, 8])));
  const model = await toOnnx(graph);
  const protobuf = Buffer.from(model.protobuf);
  for (let at = protobuf.indexOf("Softmax"); at >= 0; at = protobuf.indexOf("Softmax", at))
    protobuf.write("Hardmax", at);
  return { ...model, protobuf };
};

const onWebGpu = whyNot("webgpu") === undefined ? describe : describe.skip;

onWebGpu("a device that computes something else than the CPU", () => {
  it("is not used, and the deviation is given", async () => {
    const runtime = new Runtime();
    const { execution } = await runtime.load("net", smallNetwork, { provider: "webgpu", tolerance: 1e-12 });
    expect(execution).toMatchObject({ provider: "cpu", requestedProvider: "webgpu" });
    expect(execution.device).toContain("differs from the CPU's by");
    await runtime.close();
  });
});

onWebGpu("a network that WebGPU cannot run as a whole", () => {
  it("is reported with the number of nodes that the CPU runs", async () => {
    const runtime = new Runtime();
    const source = withHardmax((graph, x) => graph.cos(graph.softmax(graph.scale(x, 3))));
    const { execution } = await runtime.load("net", source, { provider: "webgpu" });
    expect(execution.provider).toBe("webgpu");
    expect(execution.device).toMatch(/\d+ nodes, the other 1 on the CPU/);
    await runtime.close();
  });

  it("is not called WebGPU when the CPU runs all of it", async () => {
    const runtime = new Runtime();
    const { execution } = await runtime.load(
      "net",
      withHardmax((graph, x) => graph.softmax(x)),
      { provider: "webgpu" },
    );
    expect(execution).toMatchObject({ provider: "cpu", requestedProvider: "webgpu" });
    expect(execution.device).toContain("places all its nodes on the CPU");
    await runtime.close();
  });
});

describe("the provider that was asked for", () => {
  it("is reported as what it is when it works", async () => {
    const runtime = new Runtime();
    for (const name of reports.keys()) {
      if (whyNot(name) !== undefined) continue;
      const { execution } = await runtime.load(name, smallNetwork, { provider: name });
      expect(execution).toMatchObject({ provider: name, requestedProvider: name });
    }
    await runtime.close();
  });

  const missing = (Object.keys(providers) as ProviderName[]).filter((name) => whyNot(name) !== undefined);

  it.each(missing)("%s, missing here, is replaced by the CPU with the reason given", async (name) => {
    const runtime = new Runtime();
    const { execution } = await runtime.load("net", smallNetwork, { provider: name });
    expect(execution).toMatchObject({ provider: "cpu", requestedProvider: name });
    expect(execution.device).toContain(`${name} refused: `);
    await runtime.close();
  });

  it.each(missing)("%s, missing here, is an error when it is required", async (name) => {
    const runtime = new Runtime();
    await expect(runtime.load("net", smallNetwork, { provider: name, requireProvider: true })).rejects.toMatchObject({
      reason: "PROVIDER_UNAVAILABLE",
      details: { metadata: { available: expect.stringContaining("cpu") } },
    });
    expect(runtime.list()).toEqual([]);
    await runtime.close();
  });

  it.each(["gpu", "cuda:x", "cuda:1:2", "webgpu:1", "cpu:3", ""])("cannot be %j", (text) => {
    expect(() => parseProvider(text)).toThrow("provider is ");
  });

  it("may name a device by its index", () => {
    expect(parseProvider("cuda:1")).toEqual({ name: "cuda", index: 1 });
  });
});
