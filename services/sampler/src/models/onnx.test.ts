/** Who exported a network serves it like the one that it came from; who brings an ONNX file from elsewhere is told what is known. */
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { DataType, ModelState } from "@tandem/contracts";
import { Graph, selfContained, toOnnx } from "@tandem/graph";
import { buildDenoiser, networkConfig, randomNetwork, readNetwork, writeOnnx } from "@tandem/networks";
import { golden, message, points, temporaryFolder } from "../testing/golden.js";
import { type RunningSampler, startSampler } from "../testing/start-sampler.js";

const NET = golden("sampler/net.pkl");

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let sampler: RunningSampler;
const file = (name: string) => join(folder.path, name);

/** A graph that says it takes any batch and takes 3 alone: the dimension 3 became a nameless one, of the same length. */
async function lying(): Promise<Buffer> {
  const g = new Graph();
  g.input("sigma", [3]);
  g.output("denoised", g.reshape(g.reshape(g.input("x", [3, 2]), [6]), [3, 2]));
  const bytes = Buffer.concat(selfContained(await toOnnx(g))).toString("latin1");
  return Buffer.from(bytes.replaceAll("\x0a\x02\x08\x03", "\x0a\x02\x12\x00"), "latin1");
}

beforeAll(async () => {
  folder = await temporaryFolder();
  const toy = randomNetwork(networkConfig({ kind: "toy_mlp", hiddenDim: 32 }), 1);
  await writeOnnx(file("net.onnx"), await readNetwork(NET));
  await writeOnnx(file("half.onnx"), await readNetwork(NET), { computeType: "float16" });
  await writeOnnx(file("two.onnx"), toy, { batch: 2 });
  const foreign = Buffer.concat(selfContained(await buildDenoiser(toy)));
  await writeFile(file("foreign.onnx"), foreign);
  await writeFile(file("wrong.onnx"), foreign.toString("latin1").replaceAll("\x03Mul", "\x03Cos"), "latin1");
  await writeFile(file("lying.onnx"), await lying());
  sampler = await startSampler("--models", folder.path, "--model", `pickle=${NET}`);
});
afterAll(async () => {
  await sampler[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const get = async (name: string) => (await sampler.models.getModel({ name: `models/${name}` })).model!;
const denoised = async (name: string, count: number) => {
  const x = points(count);
  const sigma = Array.from({ length: count }, (_, n) => 0.5 + n);
  return (await sampler.denoiser.denoise({ model: `models/${name}`, x: message(x), sigma })).denoised!.data;
};
const sampled = async (name: string) => {
  const samples: Uint8Array[] = [];
  const sampling = { model: `models/${name}`, schedule: { numSteps: 2 } };
  for await (const { event } of sampler.sampler.sample({ sampling, seeds: [1n, 2n] }))
    if (event?.$case === "result") samples.push(event.value.samples!.data);
  return samples;
};

describe("an exported network on a server", () => {
  it("is the model that it was exported from, but for the file's digest", async () => {
    const [onnx, pickle] = [await get("net"), await get("pickle")];
    const hash = createHash("sha256").update(await readFile(file("net.onnx")));
    expect(onnx).toEqual({
      ...pickle,
      ...{ name: onnx.name, displayName: "net", source: onnx.source, weightsDigest: `sha256:${hash.digest("hex")}` },
      execution: { ...pickle.execution, memoryBytes: onnx.execution!.memoryBytes },
    });
  });

  it("gives the same bytes", async () => {
    const [onnx, pickle] = [await sampled("net"), await sampled("pickle")];
    expect(onnx.length).toBeGreaterThan(0);
    expect(onnx).toEqual(pickle);
  });

  it("computes in the type it was exported in, whatever is asked for", async () => {
    const { execution } = await get("half");
    expect(execution!.computeType).toBe(DataType.DATA_TYPE_FLOAT16);
    const name = "models/again";
    const source = { $case: "weights" as const, value: { uri: pathToFileURL(file("half.onnx")).href } };
    const load = sampler.models.loadModel({ name, source, computeType: DataType.DATA_TYPE_FLOAT32 });
    await expect(load).rejects.toMatchObject({ reason: "NOT_SUPPORTED", details: { field: "compute_type" } });
  });

  it("with a fixed batch takes up to that many samples, and says so", async () => {
    expect((await get("two")).maxBatchSize).toBe(2);
    const [one, two] = [await denoised("two", 1), await denoised("two", 2)];
    expect(one).toEqual(two.subarray(0, one.length));
    expect(two).toEqual(await denoised("foreign", 2));
    await expect(denoised("two", 3)).rejects.toMatchObject({ reason: "BATCH_TOO_LARGE" });
  });
});

describe("an ONNX file from elsewhere on a server", () => {
  it("is served by its shapes; network, encoding and parameters are unknown", async () => {
    const model = await get("foreign");
    expect(model).toMatchObject({ state: ModelState.MODEL_STATE_READY, sampleShape: [2], sigmaMax: 80 });
    expect(model).toMatchObject({ network: undefined, encoding: undefined, parameterCount: 0n });
    const count = sampler.models.countFlops({ subject: { $case: "model", value: model.name } });
    await expect(count).rejects.toMatchObject({ reason: "NOT_SUPPORTED" });
  });

  it.each([
    ["wrong", "wrong: onnxruntime refuses the graph: "],
    ["lying", "models/lying: its graph cannot be evaluated: "],
  ])("that onnxruntime cannot run fails when it is loaded, with onnxruntime's words: %s", async (name, message) => {
    const { state, error } = await get(name);
    expect(ModelState[state]).toBe("MODEL_STATE_FAILED");
    expect(error?.message).toContain(message);
  });
});
