/** A run takes days: whoever asks for one must be told at once what is wrong with it, and find what it left. */
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { ArtifactKind, ExportFormat, JobState, ToyTraining, type TrainingSpec } from "@tandem/contracts";
import { readNetwork } from "@tandem/networks";
import { until } from "@tandem/rpc/testing";
import { type Edm2Draft, scratch, specOf } from "./testing/draft.js";
import { type RunningTrainer, startTrainer } from "./testing/start-trainer.js";

let place: Awaited<ReturnType<typeof scratch>>;
let trainer: RunningTrainer;
beforeEach(async () => {
  place = await scratch();
  trainer = await startTrainer(place.path);
});
afterEach(async () => {
  await trainer[Symbol.asyncDispose]();
  await place[Symbol.asyncDispose]();
});

const uri = (...parts: string[]) => pathToFileURL(join(place.path, ...parts)).href;
const specWith = (fields: Edm2Draft = {}, more: Partial<TrainingSpec> = {}): TrainingSpec => ({
  ...specOf(
    {
      preset: "edm2-img64-xs",
      dataset: { uri: uri("digits.zip") },
      network: { modelChannels: 8, channelMult: [1], numBlocks: 1 },
      batchSize: 64,
      durationNimg: 4096n,
      statusNimg: 1024n,
      snapshotNimg: 2048n,
      checkpointNimg: 1024n,
      ...fields,
    },
    { outputUri: uri("out") },
  ),
  ...more,
});
const create = async (spec = specWith()) => (await trainer.trainer.createTrainingJob({ spec })).job!;
const endless = (fields: Edm2Draft = {}) => specWith({ durationNimg: 2n ** 40n, snapshotNimg: 0n, ...fields });

describe("a training job", () => {
  it("trains, tells how it goes, and leaves snapshots, checkpoints, samples and statistics", async () => {
    const { name } = await create();
    const events = await trainer.reached(name, "JOB_STATE_SUCCEEDED");
    const { job } = await trainer.jobs.getJob({ name });
    const result = job!.result!.kind!.value as { nimg: bigint; snapshots: string[] };
    expect(result.nimg).toBe(4096n);
    expect(job!.progress).toMatchObject({ done: 4096n, total: 4096n, unit: "images" });
    const statuses = events.flatMap(({ event }) => (event?.$case === "trainingStatus" ? [event.value] : []));
    expect(statuses.map(({ nimg, tick }) => [nimg, tick])).toEqual([
      [1024n, 1],
      [2048n, 2],
      [3072n, 3],
      [4096n, 4],
    ]);
    expect(statuses[0]!.execution).toMatchObject({ provider: "cpu" });
    expect(events.filter(({ event }) => event?.$case === "preview")).not.toHaveLength(0);
    expect((await readdir(join(place.path, "out"))).sort()).toEqual([
      "log.txt",
      "network-snapshot-0000002-0.050.safetensors",
      "network-snapshot-0000002-0.100.safetensors",
      "network-snapshot-0000004-0.050.safetensors",
      "network-snapshot-0000004-0.100.safetensors",
      "samples-0000002-0.050.png",
      "samples-0000004-0.050.png",
      "stats.jsonl",
      "training-options.json",
      "training-state-0000003.safetensors",
      "training-state-0000004.safetensors",
    ]);
    const { artifacts } = await trainer.artifacts.listArtifacts({
      parent: name,
      kind: ArtifactKind.ARTIFACT_KIND_SNAPSHOT,
    });
    expect(artifacts).toHaveLength(4);
    const newest = artifacts.filter((one) => result.snapshots.includes(one.name));
    expect(newest.map(({ displayName }) => displayName).sort()).toEqual([
      "network-snapshot-0000004-0.050.safetensors",
      "network-snapshot-0000004-0.100.safetensors",
    ]);
    expect(newest[0]!.details).toMatchObject({
      $case: "snapshot",
      value: { provenance: { nimg: 4096n, preset: "edm2-img64-xs", run: name } },
    });
  });

  it("that was only validated is resolved, and nothing is made", async () => {
    const { job } = await trainer.trainer.createTrainingJob({ spec: specWith(), validateOnly: true });
    expect(job).toMatchObject({ name: "", state: JobState.JOB_STATE_UNSPECIFIED });
    const run = (job!.spec!.kind!.value as TrainingSpec).run!.value;
    expect(run).toMatchObject({ learningRate: 0.012, batchGpu: 64, network: { labelDim: 10, modelChannels: 8 } });
    expect(await readdir(place.path)).not.toContain("out");
    expect((await trainer.jobs.listJobs({})).jobs).toEqual([]);
  });

  it("pauses with a checkpoint, and goes on from it", async () => {
    const { name } = await create(endless());
    await until("it trains", async () => ((await trainer.jobs.getJob({ name })).job!.progress?.done ?? 0n) > 0n);
    await trainer.jobs.pauseJob({ name });
    await trainer.reached(name, "JOB_STATE_PAUSED");
    const [newest] = (await readdir(join(place.path, "out")))
      .filter((file) => file.startsWith("training-state"))
      .reverse();
    expect(newest).toBeDefined();
    await trainer.jobs.resumeJob({ name });
    await until("it goes on", async () => (await trainer.jobs.getJob({ name })).job!.attempt === 2);
    await until("it says so", async () =>
      (await readFile(join(place.path, "out", "log.txt"), "utf8")).includes("goes on after"),
    );
    await trainer.jobs.cancelJob({ name });
    await trainer.reached(name, "JOB_STATE_CANCELLED");
  });

  it("rests when its slice is done, says so, and does the next when resumed", async () => {
    const { name } = await create(specWith({ sliceNimg: 2048n }));
    const events = await trainer.reached(name, "JOB_STATE_PAUSED");
    expect(JSON.stringify(events.map(({ event }) => (event?.$case === "log" ? event.value.message : "")))).toContain(
      "slice of 2048 done",
    );
    await trainer.jobs.resumeJob({ name });
    await trainer.reached(name, "JOB_STATE_SUCCEEDED");
  });

  it("waits its turn behind others", async () => {
    const first = await create(endless());
    const second = await create(specWith({}, { outputUri: uri("second") }));
    const third = await create(specWith({}, { outputUri: uri("third") }));
    expect((await trainer.jobs.getJob({ name: third.name })).job).toMatchObject({ queuePosition: 1 });
    await trainer.jobs.cancelJob({ name: first.name });
    await trainer.reached(second.name, "JOB_STATE_SUCCEEDED");
    await trainer.reached(third.name, "JOB_STATE_SUCCEEDED");
  });

  it("whose process is killed costs an attempt, and ends as if nothing had been", async () => {
    const { name } = await create(endless());
    await until("it trains", async () => ((await trainer.jobs.getJob({ name })).job!.progress?.done ?? 0n) > 0n);
    const { stdout } = await promisify(execFile)("pgrep", ["-P", String(process.pid), "-f", "tiny-process"]);
    process.kill(Number(stdout.trim().split("\n").at(-1)), "SIGKILL");
    await until("there is another attempt", async () => (await trainer.jobs.getJob({ name })).job!.attempt === 2);
    await trainer.jobs.cancelJob({ name });
    const events = await trainer.reached(name, "JOB_STATE_CANCELLED");
    const logs = events.flatMap(({ event }) => (event?.$case === "log" ? [event.value.message] : []));
    expect(logs.join("\n")).toContain("killed by SIGKILL");
  });
});

describe("a request for training that cannot be done is refused before anything starts", () => {
  it.each<[string, Edm2Draft, Partial<TrainingSpec>, string, string]>([
    ["no run", {}, { run: undefined }, "FIELD_INVALID", "spec.run"],
    ["a toy here", {}, { run: { $case: "toy", value: ToyTraining.fromPartial({}) } }, "NOT_SUPPORTED", "kind toy"],
    ["no dataset", { dataset: undefined }, {}, "FIELD_INVALID", "spec.edm2.dataset.uri"],
    ["a missing dataset", { dataset: { uri: "file:///nowhere/a.zip" } }, {}, "URI_NOT_ALLOWED", "/nowhere/a.zip"],
    ["an unknown preset", { preset: "edm3" }, {}, "RESOURCE_NOT_FOUND", "edm3"],
    ["impossible batches", { batchSize: 64, batchGpu: 24 }, {}, "FIELD_INVALID", "spec.edm2.batch_gpu is 24"],
    ["a folder elsewhere", {}, { outputUri: "file:///etc/out" }, "URI_NOT_ALLOWED", "/etc/out"],
    [
      "a start that is not there",
      {},
      { startFrom: { uri: "artifacts/0123", sha256: "" } },
      "RESOURCE_NOT_FOUND",
      "0123",
    ],
  ])("%s", async (_, fields, more, reason, message) => {
    const refused = expect(create(specWith(fields, more))).rejects;
    await refused.toMatchObject({ reason, message: expect.stringContaining(message) });
    expect((await trainer.jobs.listJobs({})).jobs).toEqual([]);
  });

  it("a folder that holds another run", async () => {
    const { name } = await create();
    await trainer.reached(name, "JOB_STATE_SUCCEEDED");
    const other = create(specWith({ seed: 1n }));
    await expect(other).rejects.toMatchObject({
      reason: "OUTPUT_EXISTS",
      message: expect.stringContaining("edm2.seed"),
    });
    await expect(create(specWith({ learningRate: 0.5 }))).rejects.toMatchObject({ reason: "FIELD_INVALID" });
    const again = await create(); // the same run: nothing is left to do
    await trainer.reached(again.name, "JOB_STATE_SUCCEEDED");
    const { job } = await trainer.jobs.getJob({ name: again.name });
    expect(job!.result!.kind!.value).toMatchObject({ nimg: 4096n, snapshots: [expect.anything(), expect.anything()] });
  });
});

describe("an export job", () => {
  it("makes ONNX and safetensors of a snapshot, and tells how exact that is", async () => {
    const { name } = await create();
    await trainer.reached(name, "JOB_STATE_SUCCEEDED");
    const source = { uri: uri("out", "network-snapshot-0000004-0.050.safetensors"), sha256: "" };
    const exported = async (format: ExportFormat, dataType: number, output: string) => {
      const spec = { source, format, dataType, outputUri: uri(output), opset: 0 };
      const { job } = await trainer.trainer.createExportJob({ spec });
      await trainer.reached(job!.name, "JOB_STATE_SUCCEEDED");
      const done = (await trainer.jobs.getJob({ name: job!.name })).job!.result!.kind!.value;
      return done as { artifact: string; maxAbsDifference: number };
    };
    const onnx = await exported(ExportFormat.EXPORT_FORMAT_ONNX, 1, "net.onnx");
    expect(onnx.maxAbsDifference).toBeLessThan(1e-5);
    const half = await exported(ExportFormat.EXPORT_FORMAT_ONNX, 0, "half.onnx");
    expect(half.maxAbsDifference).toBeGreaterThan(onnx.maxAbsDifference);
    const wide = await exported(ExportFormat.EXPORT_FORMAT_SAFETENSORS, 1, "net.safetensors");
    expect((await trainer.artifacts.getArtifact({ name: wide.artifact })).artifact).toMatchObject({
      displayName: "net.safetensors",
      details: { $case: "snapshot" },
    });
    const { tensors } = await readNetwork(join(place.path, "net.safetensors"));
    expect(new Set([...tensors.values()].map(({ dtype }) => dtype))).toEqual(new Set(["F32"]));
  });

  it.each([
    ["no format", { format: 0 }, "spec.format"],
    ["integers", { dataType: 6 }, "spec.data_type"],
    ["a file of another ending", { outputUri: "file:///tmp/net.pkl" }, "spec.output_uri"],
    ["no source", { source: undefined }, "spec.source.uri"],
  ])("refuses %s", async (_, fields, message) => {
    const source = { uri: uri("digits.zip"), sha256: "" };
    const spec = { source, format: 1, dataType: 0, outputUri: "", opset: 0, ...fields };
    const refused = expect(trainer.trainer.createExportJob({ spec })).rejects;
    await refused.toMatchObject({ reason: "FIELD_INVALID", message: expect.stringContaining(message) });
  });
});

it("lists its presets, page by page", async () => {
  const first = await trainer.trainer.listTrainingPresets({ pageSize: 7 });
  const rest = await trainer.trainer.listTrainingPresets({ pageToken: first.nextPageToken });
  const names = [...first.trainingPresets, ...rest.trainingPresets].map(({ name }) => name);
  expect(first.trainingPresets).toHaveLength(7);
  expect(names).toEqual([...new Set(names)].sort());
  expect(names).toContain("trainingPresets/edm2-img512-s");
  await expect(trainer.trainer.listTrainingPresets({ pageToken: "x" })).rejects.toMatchObject({
    reason: "FIELD_INVALID",
  });
});
