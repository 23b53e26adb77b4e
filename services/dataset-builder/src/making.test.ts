/** A dataset is made in hours, on machines that are switched off: it must end as if they had not been, or not appear at all. */
import { cp, link, mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { type DatasetResult, DatasetSpec, type Job, JobState } from "@tandem/contracts";
import { openDataset } from "@tandem/datasets";
import { readSafetensors, toFloat32 } from "@tandem/formats";
import { ServiceProcess } from "@tandem/rpc/testing";
import sharp from "sharp";
import { noisyPng, plainPng, putFiles } from "./testing/picture-folder.js";
import { type BuilderClients, clientsOf, startBuilder } from "./testing/start-builder.js";

const golden = (path: string) => fileURLToPath(new URL(`../../../e2e/golden/${path}`, import.meta.url));
let folder: string;
let server: BuilderClients & AsyncDisposable;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tandem-making-"));
  server = await startBuilder(folder);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const at = (...parts: string[]) => ({ uri: pathToFileURL(join(folder, ...parts)).href, sha256: "" });
type Operation = NonNullable<DatasetSpec["operation"]>;
const specOf = ($case: Operation["$case"], value: object, spec: object = {}) =>
  DatasetSpec.fromPartial({
    source: at("set"),
    outputUri: at("out.zip").uri,
    ...spec,
    operation: { $case, value } as never,
  });
const create = async (spec: DatasetSpec, clients: BuilderClients = server) =>
  (await clients.builder.createDatasetJob({ spec })).job!;
const run = async (spec: DatasetSpec) => server.ended((await create(spec)).name);
function resultOf(job: Job): DatasetResult {
  expect(job.error?.message).toBeUndefined();
  return job.result!.kind!.value as DatasetResult;
}

describe("a conversion", () => {
  it("makes a dataset that a check finds nothing wrong with, an artifact and a contact sheet", async () => {
    await cp(golden("dataset/source"), join(folder, "set"), { recursive: true });
    const spec = specOf(
      "convert",
      { transform: 3, width: 32, height: 32 },
      { contactSheetUri: at("new", "s.png").uri },
    );
    const job = await run(spec);
    const { artifact, info, skipped, contactSheet } = resultOf(job);
    expect(job.progress).toMatchObject({ done: 9n, total: 9n, unit: "images" });
    expect(info).toMatchObject({ numImages: 9n, width: 32, height: 32, channels: 3, problems: [] });
    expect(info!.labels).toMatchObject({ counts: [3n, 3n, 3n], names: ["ant", "bee", "cat"] });
    expect(skipped).toEqual([]);
    expect((await server.artifacts.getArtifact({ name: artifact })).artifact).toMatchObject({ uri: at("out.zip").uri });
    expect((await server.artifacts.getArtifact({ name: contactSheet })).artifact).toMatchObject({
      mediaType: "image/png",
    });
    expect(await sharp(join(folder, "new", "s.png")).metadata()).toMatchObject({ width: 256, height: 256 });
    const check = await run(specOf("check", {}, { source: { uri: artifact }, outputUri: "" }));
    expect(resultOf(check).info).toMatchObject({ numImages: 9n, problemCount: 0n });
    expect((await readdir(folder)).sort()).toEqual(["new", "out.zip", "own", "set"]);
    expect(await readdir(join(folder, "own", "work"))).toEqual([]);
  });

  it("fails at the first bad picture, naming it, or leaves such out and lists them", async () => {
    await put({
      "a/0.png": await plainPng(1),
      "a/1.png": "no picture, though it is long enough",
      "b/2.png": await plainPng(3),
    });
    const failed = await run(specOf("convert", {}));
    expect(failed).toMatchObject({
      state: JobState.JOB_STATE_FAILED,
      error: { message: expect.stringMatching(/set: a\/1\.png/) },
    });
    const { skipped, skippedCount, info } = resultOf(await run(specOf("convert", { skipBad: true })));
    expect([skippedCount, skipped]).toMatchObject([1n, [{ path: "a/1.png", code: "unreadable" }]]);
    expect(info).toMatchObject({ numImages: 2n, labels: { counts: [1n, 1n], names: ["a", "b"] } });
  });

  it("takes labels of a file, and no more images than asked for, into its own storage", async () => {
    await put({ "a/0.png": await plainPng(1), "a/1.png": await plainPng(2), "b/2.png": await plainPng(3) });
    await putFiles(folder, { "labels.csv": "a/0.png,7\na/1.png,5\nb/2.png,0\n" });
    const convert = { labels: at("labels.csv"), workers: 1 };
    const { artifact, info } = resultOf(await run(specOf("convert", convert, { outputUri: "", maxImages: 2n })));
    expect(info).toMatchObject({ numImages: 2n, labels: { labelDim: 8, names: [] } });
    expect((await server.artifacts.getArtifact({ name: artifact })).artifact!.uri).toMatch(/own\/datasets\/.*\.zip$/);
  });

  it("that is cancelled leaves what it finished until it is deleted", async () => {
    // Large, so that it takes seconds and is not done before it is told to stop.
    const image = await noisyPng(800);
    await put(Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`${i}.png`, image])));
    const { name } = await create(specOf("convert", { transform: 1, width: 256, height: 256 }));
    await progressed(server, name, 1n);
    await server.jobs.cancelJob({ name });
    expect((await server.ended(name)).state).toBe(JobState.JOB_STATE_CANCELLED);
    expect(await readdir(folder)).toContain("out.zip.part");
    await server.jobs.deleteJob({ name });
    expect((await readdir(folder)).sort()).toEqual(["own", "set"]);
    expect(await readdir(join(folder, "own", "work"))).toEqual([]);
  });

  it("is paused and killed, and ends with the bytes of one that was not", async () => {
    const images = await Promise.all(Array.from({ length: 20 }, (_, i) => noisyPng(800, i + 3)));
    await put(Object.fromEntries(images.map((image, i) => [`${i % 3}/${String(i).padStart(4, "0")}.png`, image])));
    for (let i = 20; i < 300; i++) {
      const from = join(folder, "set", `${(i % 20) % 3}`, `${String(i % 20).padStart(4, "0")}.png`);
      await link(from, join(folder, "set", `${i % 3}`, `${String(i).padStart(4, "0")}.png`));
    }
    const convert = { transform: 1, width: 256, height: 256 };
    resultOf(await run(specOf("convert", convert, { outputUri: at("whole.zip").uri })));

    const { name } = await create(specOf("convert", convert));
    await progressed(server, name, 1n);
    await server.jobs.pauseJob({ name });
    const paused = await server.ended(name);
    expect(paused.state).toBe(JobState.JOB_STATE_PAUSED);
    await server[Symbol.asyncDispose]();
    const before = (await stat(join(folder, "out.zip.part"))).size;
    expect(before).toBeGreaterThan(0);

    const main = fileURLToPath(new URL("./main.js", import.meta.url));
    const args = ["--listen", "127.0.0.1:0", "--roots", folder, "--data", join(folder, "own"), "--threads", "2"];
    {
      await using process = ServiceProcess.spawn(main, args);
      using clients = clientsOf(await process.listening());
      await clients.jobs.resumeJob({ name });
      await progressed(clients, name, paused.progress!.done + 1n);
      process.kill("SIGKILL");
      await process.exited;
    }
    // Progress is told now and then: what was paused may have been further than it said.
    expect((await stat(join(folder, "out.zip.part"))).size).toBeGreaterThanOrEqual(before);
    expect(await readdir(folder)).not.toContain("out.zip");
    server = await startBuilder(folder);
    const job = await server.ended(name);
    expect([job.attempt, resultOf(job).info!.numImages]).toEqual([3, 300n]);
    expect((await readFile(join(folder, "out.zip"))).equals(await readFile(join(folder, "whole.zip")))).toBe(true);
    expect((await readdir(folder)).filter((file) => file.includes(".part"))).toEqual([]);
  }, 120_000);
});

const put = (files: Record<string, Uint8Array | string>) => putFiles(join(folder, "set"), files);

/** Resolves once a job is so far. */
async function progressed({ jobs }: BuilderClients, name: string, done: bigint): Promise<void> {
  for await (const { event } of jobs.watchJob({ name, afterSequence: undefined }))
    if (event?.$case === "progress" && event.value.unit === "images" && event.value.done >= done) return;
}

describe("latents", () => {
  const autoencoder = pathToFileURL(golden("features/vae/two")).href;
  async function images(count: number): Promise<void> {
    await mkdir(join(folder, "set"));
    for (let i = 0; i < count; i++)
      await putFiles(join(folder, "set", `${i % 2}`), { [`${i}.png`]: await noisyPng(16, i + 3) });
  }
  beforeEach(async () => {
    await cp(golden("features/vae/two"), join(folder, "vae"), { recursive: true });
  });
  const vae = () => ({ autoencoder: at("vae").uri });

  it("of images are those of the autoencoder, with their labels; decoded they are images again", async () => {
    await images(10);
    const spec = specOf(
      "encode",
      { ...vae(), batchSize: 3, measureStatistics: true },
      { outputUri: `${at("latents").uri}/` },
    );
    const { info } = resultOf(await run(spec));
    expect(info).toMatchObject({ numImages: 10n, width: 8, height: 8, problems: [], labels: { counts: [5n, 5n] } });
    const { rawMean, rawStd, numImages } = info!.latentStatistics!;
    const check = specOf("check", { measureStatistics: true }, { source: at("latents"), outputUri: "" });
    expect(resultOf(await run(check)).info!.latentStatistics).toEqual(info!.latentStatistics);
    expect([rawMean.length, rawStd.length, numImages]).toEqual([info!.channels / 2, info!.channels / 2, 10n]);
    const dataset = await openDataset(join(folder, "latents"));
    const all = (await dataset.read([...Array(10).keys()])) as Float32Array;
    await dataset.close();
    const size = all.length / 10;
    const area = 64;
    const drawn = Array.from({ length: 10 }, (_, i) => [...all.subarray(i * size, i * size + area)]).flat();
    expect(rawMean[0]).toBeCloseTo(drawn.reduce((sum, value) => sum + value, 0) / drawn.length, 6);

    const decode = specOf("decode", vae(), { source: at("latents"), outputUri: at("again.zip").uri });
    expect(resultOf(await run(decode)).info).toMatchObject({
      ...{ numImages: 10n, width: 16, height: 16, channels: 3, problems: [] },
      labels: { counts: [5n, 5n] },
    });
  });

  it("are the reference's", async () => {
    const { tensors } = await readSafetensors(golden("features/vae/two/io.safetensors"));
    const [x, mean, std] = ["x", "mean", "std"].map((name) => tensors.get(name)!);
    const [count, , height, width] = x!.shape as [number, number, number, number];
    for (let i = 0; i < count; i++) {
      const planes = x!.data.subarray(i * 3 * height * width, (i + 1) * 3 * height * width);
      const pixels = Buffer.alloc(planes.length);
      for (let p = 0; p < height * width; p++)
        for (let c = 0; c < 3; c++) pixels[3 * p + c] = planes[c * height * width + p]!;
      await put({
        [`${i}.png`]: await sharp(pixels, { raw: { width, height, channels: 3 } })
          .png()
          .toBuffer(),
      });
    }
    resultOf(await run(specOf("encode", vae())));
    const dataset = await openDataset(join(folder, "out.zip"));
    const latents = (await dataset.read([...Array(count).keys()])) as Float32Array;
    await dataset.close();
    const half = latents.length / count / 2;
    const [means, stds] = [toFloat32(mean!), toFloat32(std!)];
    let worst = 0;
    for (let i = 0; i < count; i++)
      for (let k = 0; k < half; k++) {
        worst = Math.max(worst, Math.abs(latents[2 * i * half + k]! - means[i * half + k]!));
        worst = Math.max(worst, Math.abs(latents[(2 * i + 1) * half + k]! - stds[i * half + k]!));
      }
    const scale = means.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(worst / scale).toBeLessThan(2e-5);
  });

  it("are made on where they were left, to the same bytes", async () => {
    await images(40);
    const encode = { ...vae(), batchSize: 3, measureStatistics: true };
    const whole = resultOf(await run(specOf("encode", encode, { outputUri: at("whole.zip").uri })));
    const { name } = await create(specOf("encode", encode));
    await progressed(server, name, 0n);
    await server.jobs.pauseJob({ name });
    const { state } = await server.ended(name);
    if (state === JobState.JOB_STATE_PAUSED) await server.jobs.resumeJob({ name });
    const { latentStatistics } = resultOf(await server.ended(name)).info!;
    expect(latentStatistics).toEqual(whole.info!.latentStatistics);
    expect((await readFile(join(folder, "out.zip"))).equals(await readFile(join(folder, "whole.zip")))).toBe(true);
  });

  it.each<[string, () => DatasetSpec, RegExp]>([
    ["images to decode", () => specOf("decode", vae()), /set: holds images/],
    [
      "sizes that leave a rest",
      () => specOf("encode", vae(), { source: at("odd") }),
      /odd: 0\.png: is 9x9, no multiple of 2/,
    ],
    [
      "sizes that differ",
      () => specOf("encode", vae(), { source: at("mixed") }),
      /mixed: 1\.png: is 4x4, but the first is 8x8/,
    ],
    ["weights that are none", () => specOf("encode", { autoencoder: at("set", "0", "0.png").uri }), /0\.png/],
  ])("are refused: %s", async (_, spec, message) => {
    await images(2);
    await putFiles(folder, {
      "odd/0.png": await plainPng(1, 9),
      "mixed/0.png": await plainPng(1, 8),
      "mixed/1.png": await plainPng(1, 4),
    });
    expect((await run(spec())).error?.message).toMatch(message);
    expect(await readdir(folder)).not.toContain("out.zip");
  });

  it("are computed with what is there, which is looked at before a job begins", async () => {
    await images(1);
    const refused = (autoencoder: string) => create(specOf("encode", { autoencoder })).catch((error: unknown) => error);
    expect(await refused(at("none").uri)).toMatchObject({ reason: "RESOURCE_NOT_FOUND" });
    expect(await refused("models/vae")).toMatchObject({
      reason: "NOT_SUPPORTED",
      message: expect.stringMatching(/spec\.encode\.autoencoder: models\/vae.*--gateway/),
    });
    expect(await refused(autoencoder)).toMatchObject({ reason: "URI_NOT_ALLOWED" });
    expect(await refused("")).toMatchObject({
      reason: "URI_NOT_ALLOWED",
      message: expect.stringMatching(/sd-vae-ft-mse/),
    });
  });
});
