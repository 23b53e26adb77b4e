import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { type Job, JobState, type TrainingSpec, type WatchJobResponse } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { until } from "@tandem/rpc/testing";
import { type JobContext, type JobEnd, jobKind } from "./job-kind.js";
import { showState } from "./life-cycle.js";
import { type JobServer, serveJobs } from "./testing/serve-jobs.js";

type Work = (context: JobContext<"training">) => Promise<JobEnd<"training">>;
const result = { nimg: 7n } as never;
const done: Work = async () => ({ kind: "done", result });
/** Works until it is asked to stop. */
const endless: Work = ({ signal }) =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve({ kind: "stopped" }), { once: true }));

let folder: string;
let server: JobServer;
let work: Work;
let pausable = true;
let discarded: string[] = [];
const serve = async () => {
  const run: Work = (context) => work(context);
  const discard = async ({ name, spec }: { name: string; spec: TrainingSpec }) => {
    discarded.push(`${name} ${spec.outputUri}`);
  };
  server = await serveJobs(folder, () => [jobKind({ kind: "training", pausable, run, discard })], { queueLimit: 3 });
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "jobs-"));
  work = done;
  discarded = [];
  pausable = true;
  await serve();
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const create = (
  given: { requestId?: string; request?: string; settings?: Job["settings"]; validateOnly?: boolean } = {},
) =>
  server.jobs.create({
    kind: "training",
    requestId: given.requestId ?? "",
    request: Buffer.from(given.request ?? ""),
    settings: given.settings,
    validateOnly: given.validateOnly ?? false,
    resolve: async () => ({ outputUri: "file:///run/" }) as TrainingSpec,
  });
const state = async (name: string) => showState((await server.client.getJob({ name })).job!.state);
const reached = (name: string, wanted: string) =>
  until(`${name} is ${wanted}`, async () => (await state(name)) === wanted);
const collect = async (name: string, afterSequence?: bigint) => {
  const messages: WatchJobResponse[] = [];
  for await (const message of server.client.watchJob({ name, afterSequence })) messages.push(message);
  return messages;
};

/** Days of work hang on a job: what it says must be true, also after it was watched, paused, repeated or lost. */
describe("a job", () => {
  it("is done, and says what it made", async () => {
    const { name, pausable } = await create({
      settings: { displayName: "x", labels: {}, priority: 0, maxAttempts: 0 },
    });
    await reached(name, "SUCCEEDED");
    const { job } = await server.client.getJob({ name });
    expect(job).toMatchObject({ attempt: 1, pausable, settings: { displayName: "x", maxAttempts: 3 } });
    expect(job!.result!.kind).toMatchObject({ $case: "training", value: { nimg: 7n } });
    expect(job!.spec!.kind).toMatchObject({ $case: "training", value: { outputUri: "file:///run/" } });
    expect(job!.endTime!.getTime()).toBeGreaterThanOrEqual(job!.startTime!.getTime());
  });

  it("tells watchers everything in order, and ends the stream with its end", async () => {
    const go = Promise.withResolvers<void>();
    work = async (context) => {
      await go.promise;
      context.log("warning", "careful");
      context.progress({ done: 3, total: 9, unit: "images", rate: 2 });
      context.log("info", "nearly");
      return { kind: "done", result };
    };
    const { name } = await create();
    const watching = collect(name, 0n);
    go.resolve();
    const messages = await watching;
    const cases = messages.map(({ event }) => (event!.$case === "job" ? showState(event!.value.state) : event!.$case));
    expect(cases.slice(1)).toEqual(["QUEUED", "RUNNING", "log", "progress", "log", "SUCCEEDED"]);
    expect(messages.slice(1).map(({ sequence }) => sequence)).toEqual([1n, 2n, 3n, 4n, 5n, 6n]);
    const progress = messages.find(({ event }) => event?.$case === "progress")!.event!.value;
    expect(progress).toMatchObject({ done: 3n, total: 9n, unit: "images", rate: 2, eta: { seconds: 3n } });
    expect((await collect(name, 4n)).map(({ sequence }) => sequence)).toEqual([4n, 5n, 6n]);
    expect(await collect(name)).toHaveLength(1);
    await expect(collect(name, 7n)).rejects.toMatchObject({ reason: "OFFSET_OUT_OF_RANGE" });
  });

  it("fails with the reason of its error, and with none of a bug's text", async () => {
    work = async () => {
      throw new DomainError("DATASET_INVALID", "digits.zip: 3 images have no label", { resource: "digits.zip" });
    };
    const { name } = await create();
    await reached(name, "FAILED");
    expect((await server.client.getJob({ name })).job!.error!.message).toBe("digits.zip: 3 images have no label");
    work = async () => {
      throw new TypeError("x is undefined");
    };
    const bug = await create();
    await reached(bug.name, "FAILED");
    expect((await server.client.getJob({ name: bug.name })).job!.error).toMatchObject({
      code: 13,
      message: "internal error",
    });
    work = done;
    await server.client.retryJob({ name });
    await reached(name, "SUCCEEDED");
    expect((await server.client.getJob({ name })).job).toMatchObject({ attempt: 2, error: undefined });
  });

  it("is not created twice by a repeated request, nor resolved when only validated", async () => {
    const first = await create({ requestId: "a", request: "one" });
    expect((await create({ requestId: "a", request: "one" })).name).toBe(first.name);
    await expect(create({ requestId: "a", request: "two" })).rejects.toMatchObject({ reason: "REQUEST_ID_REUSED" });
    const validated = await create({ validateOnly: true });
    expect(validated).toMatchObject({ name: "", state: JobState.JOB_STATE_UNSPECIFIED });
    expect((await server.client.listJobs({})).jobs).toHaveLength(1);
  });

  it("pauses, resumes and is cancelled, from any state that allows it", async () => {
    work = endless;
    const { name } = await create();
    const waiting = await create();
    await reached(name, "RUNNING");
    expect((await server.client.getJob({ name: waiting.name })).job!.queuePosition).toBe(0);
    await server.client.pauseJob({ name: waiting.name });
    expect(await state(waiting.name)).toBe("PAUSED");
    await server.client.pauseJob({ name });
    await reached(name, "PAUSED");
    expect(await state(name)).toBe("PAUSED");
    await expect(server.client.retryJob({ name })).rejects.toMatchObject({ reason: "JOB_STATE" });
    await server.client.resumeJob({ name });
    await reached(name, "RUNNING");
    await expect(server.client.deleteJob({ name })).rejects.toMatchObject({ reason: "JOB_STATE" });
    await server.client.cancelJob({ name });
    await reached(name, "CANCELLED");
    expect(showState((await server.client.cancelJob({ name })).job!.state)).toBe("CANCELLED");
    await server.client.cancelJob({ name: waiting.name });
    expect(await state(waiting.name)).toBe("CANCELLED");
    expect(discarded).toEqual([]);
    await server.client.deleteJob({ name });
    expect(discarded).toEqual([`${name} file:///run/`]);
    await expect(server.client.getJob({ name })).rejects.toMatchObject({ reason: "RESOURCE_NOT_FOUND" });
  });

  it("that is done leaves everything when it is deleted", async () => {
    const { name } = await create();
    await reached(name, "SUCCEEDED");
    await server.client.deleteJob({ name });
    expect(discarded).toEqual([]);
  });

  it("rests with its reason when its work stops by itself", async () => {
    work = async () => ({ kind: "stopped", reason: "3 MiB are free, a checkpoint needs 9" });
    const { name } = await create();
    await reached(name, "PAUSED");
    expect(await collectLogs(name)).toEqual(["paused: 3 MiB are free, a checkpoint needs 9"]);
  });

  it("costs an attempt when its worker is lost, and fails once there are none left", async () => {
    let attempts = 0;
    work = async () => {
      attempts++;
      throw new DomainError("WORKER_LOST", "the worker process was killed by SIGKILL");
    };
    const { name } = await create({ settings: { displayName: "", labels: {}, priority: 0, maxAttempts: 2 } });
    await reached(name, "FAILED");
    expect(attempts).toBe(2);
    const { error, attempt } = (await server.client.getJob({ name })).job!;
    expect(attempt).toBe(2);
    expect(error!.message).toBe("attempt 2 of 2: the worker process was killed by SIGKILL");
  });

  it("goes on after its server ended, at no cost", async () => {
    work = endless;
    const { name } = await create();
    await reached(name, "RUNNING");
    await server[Symbol.asyncDispose]();
    work = async ({ attempt }) => ({ kind: "done", result: { nimg: BigInt(attempt) } as never });
    await serve();
    await reached(name, "SUCCEEDED");
    expect((await server.client.getJob({ name })).job!.result!.kind!.value).toMatchObject({ nimg: 2n });
  });

  it("is listed by state, kind, label and age", async () => {
    const labels = { of: "people" };
    const { name } = await create({ settings: { displayName: "", labels, priority: 0, maxAttempts: 0 } });
    await reached(name, "SUCCEEDED");
    work = endless;
    await create();
    const listed = async (filter: string) => (await server.client.listJobs({ filter })).jobs.map((job) => job.name);
    expect(await listed("state = SUCCEEDED AND labels.of = people")).toEqual([name]);
    expect(await listed("labels.of = nobody")).toEqual([]);
    expect(await listed("kind = dataset")).toEqual([]);
    expect(await listed("create_time > 2020-01-01T00:00:00Z AND kind = training")).toHaveLength(2);
    await expect(listed("colour = red")).rejects.toMatchObject({ reason: "FIELD_INVALID" });
    const page = await server.client.listJobs({ pageSize: 1 });
    const rest = await server.client.listJobs({ pageSize: 1, pageToken: page.nextPageToken });
    expect([page.jobs.length, rest.jobs.map((job) => job.name), rest.nextPageToken]).toEqual([1, [name], ""]);
  });

  it("waits only where there is room", async () => {
    work = endless;
    const first = await create();
    await reached(first.name, "RUNNING");
    for (let i = 0; i < 3; i++) await create();
    await expect(create()).rejects.toMatchObject({ reason: "QUEUE_FULL", details: { retryAfterMs: 30_000 } });
    await expect(
      create({ settings: { displayName: "x".repeat(257), labels: {}, priority: 0, maxAttempts: 0 } }),
    ).rejects.toMatchObject({
      details: { field: "settings.display_name" },
    });
  });
});

describe("a job that cannot pause", () => {
  it("says so", async () => {
    await server[Symbol.asyncDispose]();
    pausable = false;
    work = endless;
    await serve();
    const { name } = await create();
    await expect(server.client.pauseJob({ name })).rejects.toThrow("cannot pause");
  });
});

const collectLogs = async (name: string): Promise<string[]> => {
  const events = await server.jobs.store.events(name, 0n, 100);
  return events.flatMap(({ event }) => (event?.$case === "log" ? [event.value.message] : []));
};
