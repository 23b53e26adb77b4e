/** A dataset of a million files has a fault somewhere: it must be found before the training, and be named. */
import { link, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { type DatasetResult, DatasetSpec, type Job, JobState, LabelKind } from "@tandem/contracts";
import { encodeNpy, fromFloat32 } from "@tandem/formats";
import { ServiceProcess } from "@tandem/rpc/testing";
import { noisyPng, plainPng, putFiles } from "./testing/picture-folder.js";
import { type BuilderClients, clientsOf, startBuilder } from "./testing/start-builder.js";

let folder: string;
let server: BuilderClients & AsyncDisposable;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tandem-builder-"));
  server = await startBuilder(folder);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const at = (...parts: string[]) => ({ uri: pathToFileURL(join(folder, ...parts)).href, sha256: "" });
const put = (files: Record<string, Uint8Array | string>) => putFiles(join(folder, "set"), files);
const checkOf = (measureStatistics = false) =>
  DatasetSpec.fromPartial({ source: at("set"), operation: { $case: "check", value: { measureStatistics } } });
const create = async (spec: DatasetSpec) => (await server.builder.createDatasetJob({ spec })).job!;
const resultOf = (job: Job) => {
  expect(job.error?.message).toBeUndefined();
  return job.result!.kind!.value as DatasetResult;
};

describe("a check", () => {
  it("reads every file, where a look at the heads finds nothing", async () => {
    const noise = await noisyPng(32);
    const damaged = Buffer.from(noise).fill(7, 200, 400);
    await put({ "b/1.png": noise, "a/2.png": damaged, "a/1.png": noise });
    const { info } = await server.builder.inspectDataset({ source: at("set") });
    expect(info).toMatchObject({
      numImages: 3n,
      width: 32,
      height: 32,
      channels: 3,
      labels: { kind: LabelKind.LABEL_KIND_CLASS, labelDim: 2, counts: [2n, 1n], names: ["a", "b"] },
      problems: [],
    });
    const job = await server.ended((await create(checkOf())).name);
    expect(job.progress).toMatchObject({ done: 3n, total: 3n, unit: "files" });
    expect(resultOf(job)).toMatchObject({
      artifact: "",
      info: { problemCount: 1n, problems: [{ path: "a/2.png", code: "unreadable", fatal: true }] },
    });
  });

  it("measures latents", async () => {
    const latent = (mean: number, std: number) =>
      Buffer.concat(encodeNpy(fromFloat32(Float32Array.of(mean, mean, std, std), [2, 1, 2], "F32")));
    await put({ "00000/img-mean-std-00000000.npy": latent(1, 0.5), "00000/img-mean-std-00000001.npy": latent(3, 1) });
    const { info } = resultOf(await server.ended((await create(checkOf(true))).name));
    // E = 2, E[x²] = (1 + 0.25 + 9 + 1) / 2 = 5.625
    expect(info!.latentStatistics).toMatchObject({ rawMean: [2], finalStd: 0.5, numImages: 2n });
    expect(info!.latentStatistics!.rawStd[0]).toBeCloseTo(Math.sqrt(1.625), 12);
  });

  it("does not measure images", async () => {
    await put({ "1.png": await plainPng(1) });
    const job = await server.ended((await create(checkOf(true))).name);
    expect(job.error!.message).toMatch(/set: holds images/);
  });

  it("goes on where it was paused, and after kill -9", async () => {
    await put({ "0.png": "no image", "1.png": await noisyPng(512) });
    for (let i = 2; i < 1500; i++)
      await link(join(folder, "set", `${i % 50 && 1}.png`), join(folder, "set", `${i}.png`));
    const name = (await create(checkOf())).name;
    for await (const { event } of server.jobs.watchJob({ name, afterSequence: 0n }))
      if (event?.$case === "progress" && event.value.done > 0n) {
        await server.jobs.pauseJob({ name });
        break;
      }
    const paused = await server.ended(name);
    expect(paused.state).toBe(JobState.JOB_STATE_PAUSED);
    const { done } = paused.progress!;
    expect(done).toBeLessThan(1500n);
    await server[Symbol.asyncDispose]();

    const main = fileURLToPath(new URL("./main.js", import.meta.url));
    const args = ["--listen", "127.0.0.1:0", "--roots", folder, "--data", join(folder, "own"), "--threads", "1"];
    {
      await using process = ServiceProcess.spawn(main, args);
      using clients = clientsOf(await process.listening());
      await clients.jobs.resumeJob({ name });
      for await (const { event } of clients.jobs.watchJob({ name, afterSequence: undefined }))
        if (event?.$case === "progress" && event.value.done > done) break;
      process.kill("SIGKILL");
      await process.exited;
    }
    server = await startBuilder(folder);
    const job = await server.ended(name);
    expect(job.attempt).toBe(3);
    const { info } = resultOf(job);
    expect([info!.problemCount, new Set(info!.problems.map(({ path }) => path)).size]).toEqual([30n, 30]);
  });
});

describe("a request", () => {
  it("is only checked, or is one job however often it comes", async () => {
    await put({ "1.png": await plainPng(1) });
    const { job } = await server.builder.createDatasetJob({ spec: checkOf(), validateOnly: true });
    expect(job).toMatchObject({ name: "", state: JobState.JOB_STATE_UNSPECIFIED });
    expect((await server.jobs.listJobs({})).jobs).toEqual([]);
    const request = { requestId: "one", spec: checkOf() };
    const { job: first } = await server.builder.createDatasetJob(request);
    expect((await server.builder.createDatasetJob(request)).job!.name).toBe(first!.name);
    await expect(server.builder.createDatasetJob({ ...request, spec: checkOf(true) })).rejects.toMatchObject({
      reason: "REQUEST_ID_REUSED",
    });
    await server.ended(first!.name);
  });

  const convert = (fields: object, spec: object = {}) =>
    DatasetSpec.fromPartial({ source: at("set"), ...spec, operation: { $case: "convert", value: fields } });
  it.each<[string, () => DatasetSpec, object]>([
    [
      "no operation",
      () => ({ ...checkOf(), operation: undefined }),
      { message: expect.stringMatching(/spec\.operation/) },
    ],
    ["no source", () => ({ ...checkOf(), source: undefined }), { message: expect.stringMatching(/spec\.source/) }],
    ["nothing there", () => ({ ...checkOf(), source: at("none") }), { reason: "RESOURCE_NOT_FOUND" }],
    [
      "a source outside the roots",
      () => ({ ...checkOf(), source: { uri: "file:///etc/passwd", sha256: "" } }),
      { reason: "URI_NOT_ALLOWED" },
    ],
    [
      "a check that makes something",
      () => ({ ...checkOf(), outputUri: at("x.zip").uri }),
      { message: expect.stringMatching(/spec\.output_uri/) },
    ],
    ["half a resolution", () => convert({ width: 32 }), { message: expect.stringMatching(/spec\.convert\.height/) }],
    ["a crop of no size", () => convert({ transform: 1 }), { message: expect.stringMatching(/spec\.convert\.width/) }],
    [
      "a crop that is no square",
      () => convert({ transform: 3, width: 32, height: 16 }),
      { message: expect.stringMatching(/spec\.convert\.height is 16/) },
    ],
    [
      "an unknown crop",
      () => convert({ transform: 9 }),
      { message: expect.stringMatching(/spec\.convert\.transform/) },
    ],
    ["too large", () => convert({ width: 9000, height: 9000 }), { message: expect.stringMatching(/width is 9000/) }],
    [
      "an output that is neither archive nor folder",
      () => convert({}, { outputUri: at("out.tar").uri }),
      { message: expect.stringMatching(/spec\.output_uri/) },
    ],
    ["an output above the roots", () => convert({}, { outputUri: `${folder}/../` }), { reason: "URI_NOT_ALLOWED" }],
    [
      "a folder of a web server",
      () => convert({}, { source: { uri: "https://example.org/pictures/" } }),
      { reason: "NOT_SUPPORTED", message: expect.stringMatching(/spec\.source: .*name a file/) },
    ],
    ["an output that is there", () => convert({}, { outputUri: `${at("set").uri}/` }), { reason: "OUTPUT_EXISTS" }],
    [
      "two sources of labels",
      () => convert({ labels: at("set", "1.png"), labelSource: 2 }),
      { message: expect.stringMatching(/spec\.convert\.label_source/) },
    ],
  ])("is refused: %s", async (_, specOf, error) => {
    await put({ "1.png": await plainPng(1) });
    await expect(create(specOf())).rejects.toMatchObject({ reason: "FIELD_INVALID", ...error });
  });
});
