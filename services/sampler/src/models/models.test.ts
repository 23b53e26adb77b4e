import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { DataType, LoadModelRequest, ModelKind, ModelState, wireTypes } from "@tandem/contracts";
import { countCost, networkConfig, randomNetwork, writeNetwork } from "@tandem/networks";
import { until } from "@tandem/rpc/testing";
import type { Draft } from "../testing/draft.js";
import { golden, message, points, temporaryFolder } from "../testing/golden.js";
import { type RunningSampler, startSampler } from "../testing/start-sampler.js";

const toyConfig = networkConfig({ kind: "toy_mlp", hiddenDim: 32 });
const toy: Draft<typeof LoadModelRequest>["source"] = {
  $case: "network",
  value: { architecture: { $case: "toyMlp", value: { hiddenDim: 32 } } },
};
const weights = (path: string, sha256 = ""): Draft<typeof LoadModelRequest>["source"] => ({
  $case: "weights",
  value: { uri: pathToFileURL(path).href, sha256 },
});
const sha256Of = async (path: string) =>
  createHash("sha256")
    .update(await readFile(path))
    .digest("hex");

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let sampler: RunningSampler;
const file = (name: string) => join(folder.path, name);

beforeAll(async () => {
  folder = await temporaryFolder();
  await mkdir(file("models"));
  await mkdir(file("more"));
  await copyFile(golden("sampler/net.pkl"), file("models/Net (first).pkl"));
  await writeNetwork(file("models/toy.safetensors"), randomNetwork(toyConfig, 1), { dtype: "F32" });
  await writeFile(file("models/broken.pkl"), "not a pickle");
  await writeFile(file("models/notes.txt"), "no weights");
  await writeNetwork(file("more/other.safetensors"), randomNetwork(toyConfig, 2), { dtype: "F16" });
  sampler = await startSampler("--models", file("models"), "--roots", file("more"));
});
afterAll(async () => {
  await sampler[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const load = (request: Draft<typeof LoadModelRequest>) => sampler.models.loadModel(request);
const get = async (name: string) => (await sampler.models.getModel({ name })).model!;

describe("a folder of models", () => {
  it("is served by the stems of its files, whatever one of them is", async () => {
    const { models } = await sampler.models.listModels({});
    expect(models.map(({ name, state }) => [name, ModelState[state]])).toEqual([
      ["models/broken", "MODEL_STATE_FAILED"],
      ["models/net--first-", "MODEL_STATE_READY"],
      ["models/toy", "MODEL_STATE_READY"],
    ]);
  });

  it("says of each model what a client must know", async () => {
    const model = await get("models/net--first-");
    expect(model).toMatchObject({
      kind: ModelKind.MODEL_KIND_DENOISER,
      sampleShape: [3, 32, 32],
      labelDim: 10,
      sigmaMin: 0.002,
      sigmaMax: 80,
      maxBatchSize: 64,
      weightsDigest: `sha256:${await sha256Of(golden("sampler/net.pkl"))}`,
      execution: { provider: "cpu", requestedProvider: "cpu", computeType: DataType.DATA_TYPE_FLOAT32 },
      encoding: { kind: { $case: "rgb" } },
      network: { architecture: { $case: "edm2Unet", value: { imgResolution: 32, modelChannels: 16, clipAct: 256 } } },
      auxiliaryOutputs: [1],
    });
    expect(model.wireTypes).toEqual(wireTypes.map(({ dataType }) => dataType));
    expect(model.parameterCount).toBeGreaterThan(100_000n);
  });

  it("keeps why a model failed, and refuses calls to it with that reason", async () => {
    const model = await get("models/broken");
    expect(model.error).toMatchObject({ code: 3 });
    expect(model.error!.message).toContain("broken.pkl");
    const call = sampler.denoiser.denoise({ model: "models/broken", x: message(points(1)), sigma: [1] });
    await expect(call).rejects.toMatchObject({
      reason: "MODEL_NOT_READY",
      details: { resource: "models/broken", metadata: { state: "MODEL_STATE_FAILED" } },
    });
  });

  it("that cannot be read, or has a name twice, keeps the server from starting", async () => {
    await expect(startSampler("--models", file("nowhere"))).rejects.toMatchObject({ details: { field: "models" } });
    const twice = startSampler("--models", file("models"), "--model", `toy=${file("more/other.safetensors")}`);
    await expect(twice).rejects.toThrow("models/toy");
  });

  it("loads while the server already answers", async () => {
    const early = await startSampler("--models", file("models"), "--ready", "listening");
    const { models } = await early.models.listModels({});
    expect(models.map(({ state }) => state)).toContain(ModelState.MODEL_STATE_LOADING);
    const call = early.denoiser.denoise({ model: "models/net--first-", x: message(points(1)), sigma: [1] });
    await expect(call).rejects.toMatchObject({ details: { metadata: { state: "MODEL_STATE_LOADING" } } });
    await until("the model is ready", async () => {
      const { model } = await early.models.getModel({ name: "models/net--first-" });
      return model!.state === ModelState.MODEL_STATE_READY;
    });
    await early[Symbol.asyncDispose]();
  });
});

describe("ListModels", () => {
  it("pages through all models in order, each once", async () => {
    const names: string[] = [];
    let pageToken = "";
    do {
      const page = await sampler.models.listModels({ pageSize: 2, pageToken });
      expect(page.models.length).toBeLessThanOrEqual(2);
      names.push(...page.models.map(({ name }) => name));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(names.length).toBeGreaterThanOrEqual(3);
    expect(names).toEqual([...new Set(names)].sort());
  });

  it.each([
    ["parent", { parent: "servers/a" }],
    ["page_token", { pageToken: "%%%" }],
    ["page_token", { pageToken: "c3RyYW5nZQ" }],
  ])("refuses a wrong %s", async (field, request) => {
    await expect(sampler.models.listModels(request)).rejects.toMatchObject({
      reason: "FIELD_INVALID",
      details: { field },
    });
  });
});

describe("LoadModel and UnloadModel", () => {
  it("take a model through its life, again and again, and twice is as good as once", async () => {
    const name = "models/other";
    const source = weights(file("more/other.safetensors"), await sha256Of(file("more/other.safetensors")));
    const [first, second] = await Promise.all([load({ name, source }), load({ name, source })]);
    expect(second).toEqual(first);
    expect(first.model).toMatchObject({ state: ModelState.MODEL_STATE_READY, sampleShape: [2] });
    const { model: gone } = await sampler.models.unloadModel({ name });
    expect(gone).toMatchObject({ state: ModelState.MODEL_STATE_UNLOADED, weightsDigest: first.model!.weightsDigest });
    expect(gone!.execution).toBeUndefined();
    await sampler.models.unloadModel({ name });
    const call = sampler.denoiser.denoise({ model: name, x: message(points(1)), sigma: [1] });
    await expect(call).rejects.toMatchObject({ details: { metadata: { state: "MODEL_STATE_UNLOADED" } } });
    const { model: back } = await load({ name });
    expect(back).toEqual(first.model);
  });

  it("make random networks that are the same everywhere, and say so by their digest", async () => {
    const { model: a } = await load({ name: "models/random-a", source: toy });
    const { model: b } = await load({ name: "models/random-b", source: toy });
    expect(a!.weightsDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(b!.weightsDigest).toBe(a!.weightsDigest);
  });

  it("run in half precision when asked, and say so", async () => {
    const { model } = await load({ name: "models/half", source: toy, computeType: DataType.DATA_TYPE_FLOAT16 });
    expect(model!.execution!.computeType).toBe(DataType.DATA_TYPE_FLOAT16);
  });

  it("do not change a model under those who use it", async () => {
    await load({ name: "models/fixed", source: toy });
    for (const other of [
      { source: weights(file("more/other.safetensors")) },
      { source: toy, computeType: DataType.DATA_TYPE_FLOAT16 },
      { source: toy, provider: "webgpu" },
    ])
      await expect(load({ name: "models/fixed", ...other })).rejects.toMatchObject({
        reason: "OUTPUT_EXISTS",
        details: { resource: "models/fixed" },
      });
    expect((await load({ name: "models/fixed", provider: "cpu", requireProvider: true })).model!.state).toBe(3);
  });

  it("try again after a failure", async () => {
    const name = "models/late";
    const path = file("more/late.safetensors");
    await expect(load({ name, source: weights(path) })).rejects.toMatchObject({ reason: "RESOURCE_NOT_FOUND" });
    expect((await get(name)).state).toBe(ModelState.MODEL_STATE_FAILED);
    await copyFile(file("more/other.safetensors"), path);
    expect((await load({ name })).model!.state).toBe(ModelState.MODEL_STATE_READY);
  });

  it.each<[string, () => Draft<typeof LoadModelRequest>, string, string | undefined]>([
    ["no name", () => ({ source: toy }), "FIELD_INVALID", "name"],
    ["a malformed name", () => ({ name: "toy", source: toy }), "FIELD_INVALID", "name"],
    ["a new name without a source", () => ({ name: "models/new" }), "FIELD_INVALID", "source"],
    [
      "an empty URI",
      () => ({ name: "models/new", source: { $case: "weights", value: {} } }),
      "FIELD_INVALID",
      "weights.uri",
    ],
    [
      "a checksum that is none",
      () => ({ name: "models/new", source: weights(file("more/other.safetensors"), "abc") }),
      "FIELD_INVALID",
      "weights.sha256",
    ],
    [
      "a wrong checksum",
      () => ({ name: "models/new", source: weights(file("more/other.safetensors"), "0".repeat(64)) }),
      "CHECKSUM_MISMATCH",
      undefined,
    ],
    [
      "a file outside of the roots",
      () => ({ name: "models/new", source: weights("/etc/passwd") }),
      "URI_NOT_ALLOWED",
      undefined,
    ],
    [
      "a way out of the roots",
      () => ({ name: "models/new", source: weights(file("more/../../x.pkl")) }),
      "URI_NOT_ALLOWED",
      undefined,
    ],
    [
      "https that is not allowed",
      () => ({ name: "models/new", source: { $case: "weights", value: { uri: "https://example.com/net.pkl" } } }),
      "URI_NOT_ALLOWED",
      undefined,
    ],
    [
      "a scheme that nobody knows",
      () => ({ name: "models/new", source: { $case: "weights", value: { uri: "gopher://x/net.pkl" } } }),
      "URI_NOT_ALLOWED",
      undefined,
    ],
    [
      "a provider that is none",
      () => ({ name: "models/new", source: toy, provider: "CPU 1" }),
      "FIELD_INVALID",
      "provider",
    ],
    [
      "a provider required but not named",
      () => ({ name: "models/new", source: toy, requireProvider: true }),
      "FIELD_INVALID",
      "require_provider",
    ],
    [
      "a compute type that no device has",
      () => ({ name: "models/new", source: toy, computeType: DataType.DATA_TYPE_UINT8 }),
      "DATA_TYPE_UNSUPPORTED",
      "compute_type",
    ],
    [
      "no architecture",
      () => ({ name: "models/new", source: { $case: "network", value: {} } }),
      "FIELD_INVALID",
      "network",
    ],
    [
      "an autoencoder",
      () => ({
        name: "models/new",
        source: { $case: "network", value: { architecture: { $case: "klAutoencoder", value: {} } } },
      }),
      "NOT_SUPPORTED",
      "network.kl_autoencoder",
    ],
    [
      "a mixture whose components nobody knows",
      () => ({
        name: "models/new",
        source: { $case: "network", value: { architecture: { $case: "gaussianMixture", value: { seed: 3n } } } },
      }),
      "NOT_SUPPORTED",
      "network.gaussian_mixture.seed",
    ],
    [
      "an architecture out of range",
      () => ({
        name: "models/new",
        source: {
          $case: "network",
          value: { architecture: { $case: "edm2Unet", value: { imgResolution: 32, imgChannels: 3, dropout: 2 } } },
        },
      }),
      "FIELD_INVALID",
      "network.edm2_unet.dropout",
    ],
    [
      "an architecture without its size",
      () => ({
        name: "models/new",
        source: { $case: "network", value: { architecture: { $case: "edm2Unet", value: {} } } },
      }),
      "FIELD_INVALID",
      "network.edm2_unet.img_resolution",
    ],
    [
      "a network larger than the machine",
      () => ({
        name: "models/huge",
        source: {
          $case: "network",
          value: {
            architecture: { $case: "edm2Unet", value: { imgResolution: 64, imgChannels: 4, modelChannels: 4096 } },
          },
        },
      }),
      "OUT_OF_MEMORY",
      "network",
    ],
  ])("refuse %s", async (...[, request, reason, field]) => {
    await expect(load(request())).rejects.toMatchObject({ reason, ...(field && { details: { field } }) });
    expect((await sampler.models.listModels({})).models.length).toBeGreaterThan(2);
  });

  it("refuse hostile pickles at once, executing nothing", async () => {
    for (const name of [
      "os-system",
      "eval",
      "exec",
      "memo-bomb",
      "huge-length",
      "nested",
      "truncated",
      "text",
      "empty",
    ]) {
      const path = file(`more/${name}.pkl`);
      await copyFile(golden(`pickles/hostile/${name}.pkl`), path);
      const since = performance.now();
      await expect(load({ name: `models/${name}`, source: weights(path) })).rejects.toThrow(`${name}.pkl`);
      expect(performance.now() - since).toBeLessThan(5_000); // a second on an idle machine
    }
  });

  it("know only the models that there are", async () => {
    for (const call of [
      sampler.models.getModel({ name: "models/nobody" }),
      sampler.models.unloadModel({ name: "models/nobody" }),
      sampler.models.countFlops({ subject: { $case: "model", value: "models/nobody" } }),
    ])
      await expect(call).rejects.toMatchObject({
        reason: "RESOURCE_NOT_FOUND",
        details: { resource: "models/nobody" },
      });
  });
});

describe("CountFlops", () => {
  it("counts the same for a model, its file and its architecture, step by step", async () => {
    const expected = countCost(toyConfig);
    for (const subject of [
      { $case: "model" as const, value: "models/toy" },
      { $case: "weights" as const, value: { uri: pathToFileURL(file("models/toy.safetensors")).href } },
      { $case: "network" as const, value: { architecture: { $case: "toyMlp" as const, value: { hiddenDim: 32 } } } },
    ]) {
      const cost = await sampler.models.countFlops({ subject });
      expect(cost).toMatchObject({ flops: BigInt(expected.multiplyAdds), parameterCount: BigInt(expected.parameters) });
      expect(cost.operations.reduce((sum, { flops }) => sum + flops, 0n)).toBe(cost.flops);
    }
  });

  it("needs a subject", async () => {
    await expect(sampler.models.countFlops({})).rejects.toMatchObject({ details: { field: "subject" } });
  });
});
