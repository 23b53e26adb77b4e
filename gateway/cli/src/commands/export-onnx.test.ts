/** An exported file leaves our hands: whoever runs it must get our numbers, with any batch or with the one asked for. */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "@jest/globals";
import type { OnnxModel } from "@tandem/graph";
import { buildDenoiser, readNetwork } from "@tandem/networks";
import { Runtime } from "@tandem/runtime";
import { golden, Workspace } from "../testing/run-tandem.js";

const NET = golden("digits/gnet.pkl");

function inputs(count: number): Record<string, Float32Array> {
  const x = Float32Array.from({ length: count * 3 * 32 * 32 }, (_, i) => Math.sin(i));
  const labels = new Float32Array(count * 10);
  for (let n = 0; n < count; n++) labels[10 * n + (n % 10)] = 1;
  return { x, sigma: Float32Array.from({ length: count }, (_, n) => 0.5 + n), labels };
}

async function denoised(model: OnnxModel, count: number): Promise<Float32Array> {
  const runtime = new Runtime({ threads: 1 });
  try {
    const evaluator = await runtime.load("net", async () => model, { provider: "cpu" });
    const { outputs } = await evaluator.evaluate({ count, inputs: inputs(count), outputs: ["denoised"] });
    return Float32Array.from(outputs.denoised ?? []);
  } finally {
    await runtime.close();
  }
}

describe("export-onnx writes a file of its own", () => {
  it.each([
    ["any batch, float32", [], "float32", 3],
    ["a batch of two", ["--batch", "2"], "float32", 2],
    ["float16", ["--dtype", "float16"], "float16", 3],
  ] as const)("%s: onnxruntime gives the same bytes from it", async (_, args, computeType, count) => {
    await using place = await Workspace.make();
    const { code, stdout } = await place.run(["export-onnx", NET, "--dest", "net.onnx", "--json", ...args]);
    expect(code).toBe(0);
    const protobuf = new Uint8Array(await readFile(place.path("net.onnx")));
    expect(JSON.parse(stdout)).toMatchObject({ sizeBytes: protobuf.length, dtype: computeType });
    const model = await buildDenoiser(await readNetwork(NET), { computeType });
    const ours = await denoised(model, count);
    const theirs = await denoised({ ...model, protobuf, externalData: [] }, count);
    expect(theirs.length).toBe(count * 3 * 32 * 32);
    expect(theirs).toEqual(ours);
  });
});
