/** An exported file leaves our hands: whoever runs it must get our numbers, with any batch or with the one asked for. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "@jest/globals";
import type { OnnxModel } from "@tandem/graph";
import { buildDenoiser, readNetwork } from "@tandem/networks";
import { Runtime } from "@tandem/runtime";
import { decodeImage } from "../generate/grid.js";
import { textOfWholePng } from "../generate/png.js";
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

/** Two processes start, each of which loads its libraries: on a busy machine that takes its time. */
const START_WITHIN_MS = 120_000;

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

  it(
    "generate makes the same pictures from it, and says which file they are from",
    async () => {
      await using place = await Workspace.make();
      const settings = ["--guidance", "2", "--steps", "2", "--seeds", "3-4", "--threads", "1", "--json"];
      for (const name of ["net", "gnet"]) {
        const { code } = await place.run(["export-onnx", golden(`digits/${name}.pkl`), "--dest", `${name}.onnx`]);
        expect(code).toBe(0);
      }
      const pictures = async (outdir: string, net: string, gnet: string) => {
        const args = ["generate", "--net", net, "--gnet", gnet, ...settings, "--outdir", outdir];
        const { code, stderr } = await place.run(args);
        expect({ code, stderr }).toMatchObject({ code: 0 });
        const pngs = ["000003.png", "000004.png"].map((name) => readFile(place.path(outdir, name)));
        return Promise.all(pngs).then((files) =>
          Promise.all(
            files.map(async (png) => ({
              pixels: (await decodeImage(png)).data,
              settings: JSON.parse(textOfWholePng(png, "tandem") ?? "") as Record<string, unknown>,
            })),
          ),
        );
      };
      const onnx = await pictures("onnx", "net.onnx", "gnet.onnx");
      const pickle = await pictures("pickle", golden("digits/net.pkl"), golden("digits/gnet.pkl"));
      expect(onnx.map(({ pixels }) => pixels)).toEqual(pickle.map(({ pixels }) => pixels));
      const digest = createHash("sha256").update(await readFile(place.path("net.onnx")));
      expect(JSON.stringify(onnx[0]?.settings)).toContain(`sha256:${digest.digest("hex")}`);
    },
    START_WITHIN_MS,
  );

  it("that no command takes for weights", async () => {
    await using place = await Workspace.make();
    await place.run(["export-onnx", NET, "--dest", "net.onnx"]);
    for (const command of [["flops"], ["import"], ["export-onnx", "--dest", "again.onnx"]]) {
      const { code, stderr } = await place.run([...command, "net.onnx"]);
      expect({ command, code, stderr }).toMatchObject({ code: 1, stderr: expect.stringMatching(/net.onnx.* ONNX/) });
    }
  });
});
