/** A machine that loses power takes trainer and run with it: whoever starts the trainer again finds the job going on. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, it } from "@jest/globals";
import { JobState } from "@tandem/contracts";
import { until } from "@tandem/rpc/testing";
import { scratch, specOf } from "./testing/draft.js";
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

it("a job survives kill -9 of the trainer, twice, and ends as it would have", async () => {
  await using place = await scratch();
  await mkdir(join(place.path, "own"));
  await writeFile(join(place.path, "digits.zip"), "");
  const uri = (name: string) => pathToFileURL(join(place.path, name)).href;
  const specTo = (output: string) =>
    specOf(
      {
        preset: "edm2-img64-xs",
        dataset: { uri: uri("digits.zip") },
        network: { modelChannels: 8, channelMult: [1], numBlocks: 1, channelMultEmb: 1 },
        batchSize: 1024,
        durationNimg: 2n ** 21n,
        statusNimg: 2n ** 17n,
        snapshotNimg: 2n ** 18n,
        checkpointNimg: 2n ** 14n,
      },
      { outputUri: uri(output) },
    );
  let name = "";
  let done = 0n;
  for (const kill of [1, 2]) {
    await using trainer = await start(place.path);
    if (kill === 1) name = (await trainer.trainer.createTrainingJob({ spec: specTo("out") })).job!.name;
    const job = async () => (await trainer.jobs.getJob({ name })).job!;
    await until("it has come further", async () => ((await job()).progress?.done ?? 0n) > done);
    done = (await job()).progress!.done;
  }
  await using trainer = await start(place.path);
  await trainer.reached(name, "JOB_STATE_SUCCEEDED");
  const { job } = await trainer.jobs.getJob({ name });
  expect(job).toMatchObject({ state: JobState.JOB_STATE_SUCCEEDED, attempt: 3 });
  const other = (await trainer.trainer.createTrainingJob({ spec: specTo("whole") })).job!;
  await trainer.reached(other.name, "JOB_STATE_SUCCEEDED");
  expect(await leftBy(join(place.path, "out"))).toMatchObject({
    ...(await leftBy(join(place.path, "whole"))),
    snapshots: expect.anything(), // they name the job that made them
  });
}, 120_000);
