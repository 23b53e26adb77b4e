/** Trainers are stopped, and machines lose power: whoever starts the trainer again finds the job going on. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, it } from "@jest/globals";
import { JobState } from "@tandem/contracts";
import { until } from "@tandem/rpc/testing";
import { type Edm2Draft, scratch, specOf } from "./testing/draft.js";
import { leftBy } from "./testing/killable-run.js";
import { type RunningTrainer, trainerAt } from "./testing/start-trainer.js";

const program = fileURLToPath(new URL("./testing/tiny-main.js", import.meta.url));

async function start(folder: string): Promise<RunningTrainer & { readonly child: ChildProcess }> {
  const child = spawn(process.execPath, [program, folder], { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "exit");
  const [line] = (await once(createInterface(child.stdout!), "line")) as [string];
  const { listening } = JSON.parse(line) as { listening: string };
  const trainer = trainerAt(listening, async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return { ...trainer, child };
}

/** A run of a tiny network into a folder beside its dataset, which is any file. */
async function specTo(folder: string, output: string, more: Edm2Draft = {}) {
  await writeFile(join(folder, "digits.zip"), "");
  const uri = (name: string) => pathToFileURL(join(folder, name)).href;
  const fields = {
    preset: "edm2-img64-xs",
    dataset: { uri: uri("digits.zip") },
    network: { modelChannels: 8, channelMult: [1], numBlocks: 1, channelMultEmb: 1 },
    batchSize: 1024,
    durationNimg: 2n ** 21n,
    statusNimg: 2n ** 17n,
    snapshotNimg: 2n ** 18n,
    checkpointNimg: 2n ** 14n,
  };
  return specOf({ ...fields, ...more }, { outputUri: uri(output) });
}

/** A run that would take weeks. */
const endless = { durationNimg: 2n ** 40n, checkpointNimg: 0n, snapshotNimg: 0n };

it("SIGTERM writes a checkpoint at a step's end, and a new start goes on from it", async () => {
  await using place = await scratch();
  const out = join(place.path, "out");
  let name = "";
  {
    await using trainer = await start(place.path);
    const spec = await specTo(place.path, "out", endless);
    name = (await trainer.trainer.createTrainingJob({ spec })).job!.name;
    const done = async () => (await trainer.jobs.getJob({ name })).job!.progress?.done ?? 0n;
    await until("it trains", async () => (await done()) > 0n);
    trainer.child.kill("SIGTERM");
    expect(await once(trainer.child, "exit")).toEqual([0, null]);
  }
  const { done, statuses } = await leftBy(out);
  expect(done).toBeGreaterThan(0);
  expect(statuses.at(-1)).toBe(done);
  await using trainer = await start(place.path);
  const job = async () => (await trainer.jobs.getJob({ name })).job!;
  await until("it goes on", async () => ((await job()).progress?.done ?? 0n) > BigInt(done));
  await trainer.jobs.cancelJob({ name });
  const events = await trainer.reached(name, "JOB_STATE_CANCELLED");
  expect(events.filter(({ event }) => event?.$case === "log" && event.value.severity > 1)).toEqual([]); // no attempt was lost
  expect((await job()).attempt).toBe(2);
}, 60_000);

it("a job survives kill -9 of the trainer, twice, and ends as it would have", async () => {
  await using place = await scratch();
  let name = "";
  let done = 0n;
  for (const kill of [1, 2]) {
    await using trainer = await start(place.path);
    if (kill === 1)
      name = (await trainer.trainer.createTrainingJob({ spec: await specTo(place.path, "out") })).job!.name;
    const job = async () => (await trainer.jobs.getJob({ name })).job!;
    await until("it has come further", async () => ((await job()).progress?.done ?? 0n) > done);
    done = (await job()).progress!.done;
  }
  await using trainer = await start(place.path);
  await trainer.reached(name, "JOB_STATE_SUCCEEDED");
  const { job } = await trainer.jobs.getJob({ name });
  expect(job).toMatchObject({ state: JobState.JOB_STATE_SUCCEEDED, attempt: 3 });
  const other = (await trainer.trainer.createTrainingJob({ spec: await specTo(place.path, "whole") })).job!;
  await trainer.reached(other.name, "JOB_STATE_SUCCEEDED");
  expect(await leftBy(join(place.path, "out"))).toMatchObject({
    ...(await leftBy(join(place.path, "whole"))),
    snapshots: expect.anything(), // they name the job that made them
  });
}, 120_000);
