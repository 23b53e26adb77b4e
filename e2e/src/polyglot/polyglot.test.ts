/**
 * The contract is the promise that any language can take part. A Python model server guides a TypeScript one, and a Python
 * client gets the very images that a TypeScript client gets.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "@jest/globals";
import { ImageFormat } from "@tandem/contracts";
import { type Denoiser, drawBatch, guided, noiseLevels, sample } from "@tandem/diffusion";
import { parseNpy, toFloat32 } from "@tandem/formats";
import { networkConfig, randomNetwork, writeNetwork } from "@tandem/networks";
import { generate } from "../client.js";
import { digitsFiles, guidedSpec } from "../digits.js";
import { closeNetworks, denoiser } from "../golden/models.js";
import { hasPython, PythonBackend, runPython } from "../python.js";
import { describeWith } from "../require.js";
import { Stack } from "../stack.js";

const folder = mkdtempSync(join(tmpdir(), "tandem-polyglot-"));
afterAll(async () => {
  await closeNetworks();
  rmSync(folder, { recursive: true, force: true });
});

/** What polyglot/backend.py computes for models/gnet: the exact denoiser of a Gaussian of deviation 0.8 around the label's mean. */
const pythonGnet = (like: Denoiser): Denoiser => ({
  info: { ...like.info, name: "gnet" },
  async denoise({ shape, data }, sigma, labels) {
    const size = data.length / sigma.length;
    const variance = 0.8 ** 2;
    const mean = (n: number) => {
      const label = labels!.data.subarray(n * 10, n * 10 + 10).indexOf(1);
      return -1 + (2 * label) / 9;
    };
    const denoised = data.map((x, i) => {
      const n = Math.floor(i / size);
      const noise = sigma[n]! ** 2;
      return (x * variance + mean(n) * noise) / (variance + noise);
    });
    return { shape, data: denoised };
  },
});

describeWith("e2e/polyglot/setup.sh to have run", hasPython(), "Python beside TypeScript", () => {
  it("lets a Python model server guide a TypeScript one", async () => {
    const config = {
      kind: "edm2_unet",
      imgResolution: 8,
      imgChannels: 4,
      labelDim: 10,
      modelChannels: 16,
      channelMult: [1],
    };
    const network = randomNetwork(networkConfig({ ...config, numBlocks: 1, attnResolutions: [] }), 5);
    const net = join(folder, "net.safetensors");
    await writeNetwork(net, network, { dtype: "F32" });
    await using python = await PythonBackend.start();
    await using stack = await Stack.start({ ts: { net } }, { gatewayArgs: ["--server", `py=${python.address}`] });
    const { files } = await generate(stack.gateway.address, {
      ...guidedSpec("servers/ts/models/net", "servers/py/models/gnet", 3, 8),
      seeds: [{ first: 1n, last: 3n }],
      format: ImageFormat.IMAGE_FORMAT_NPY,
    });

    const local = await denoiser(network, "net");
    const { noise, labels } = drawBatch({
      generator: "torch-cpu",
      seeds: [1, 2, 3],
      sampleShape: [4, 8, 8],
      labelDim: 10,
    });
    const both = guided(local, [{ denoiser: pythonGnet(local), weight: 2 }]);
    const expected = await sample({ denoiser: both, levels: noiseLevels({ steps: 8 }), solver: "heun", noise, labels });
    [1n, 2n, 3n].forEach((seed, i) => {
      const ours = toFloat32(parseNpy(files.get(seed)!, `seed ${seed}`));
      const theirs = expected.samples.data.subarray(i * 256, (i + 1) * 256);
      const largest = Math.max(...theirs.map(Math.abs));
      ours.forEach((value, k) => {
        expect(Math.abs(value - theirs[k]!)).toBeLessThan(1e-4 * largest);
      });
    });
  });

  it("gives a Python client the same images as a TypeScript one", async () => {
    const { net, gnet } = digitsFiles;
    await using stack = await Stack.start({ a: { net }, b: { gnet } });
    const [model, guide] = ["servers/a/models/net", "servers/b/models/gnet"] as const;
    const { status, stdout, stderr } = runPython("client.py", [stack.gateway.address, model, guide, folder, "0-1"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain('{"done": 2}');
    const { files } = await generate(stack.gateway.address, guidedSpec(model, guide, 2, 8));
    for (const [seed, bytes] of files)
      expect(Buffer.compare(readFileSync(join(folder, `${seed}`.padStart(6, "0").concat(".png"))), bytes)).toBe(0);
  });
});
