/** Fifty thousand images take an hour: whoever pulls the plug in the last minute must not pay for the whole hour, or get another number. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, expect, it } from "@jest/globals";
import type { EvaluationResult } from "@tandem/contracts";
import { until } from "@tandem/rpc/testing";
import { clientsOf, type EvaluatorClients, type SpecDraft } from "./testing/start-evaluator.js";
import { range, writeDetector, writeImages } from "./testing/tiny.js";

const COUNT = 400;
const folder = mkdtempSync(join(tmpdir(), "tandem-killed-evaluator-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const program = fileURLToPath(new URL("./testing/tiny-main.js", import.meta.url));

interface Started extends EvaluatorClients {
  readonly child: ChildProcess;
  kill(): Promise<void>;
}

async function start(): Promise<Started> {
  const child = spawn(process.execPath, [program, folder], { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "exit");
  const [line] = (await once(createInterface(child.stdout!), "line")) as [string];
  const clients = clientsOf((JSON.parse(line) as { listening: string }).listening);
  const kill = async () => {
    clients[Symbol.dispose]();
    child.kill("SIGKILL");
    await ended;
  };
  return { ...clients, child, kill };
}

const valuesOf = ({ records }: EvaluationResult) => records.map(({ metric, value }) => [metric, value]);

it("an evaluation that is killed twice goes on where it was, and ends with the same bits", async () => {
  await writeDetector(join(folder, "detectors/tiny.safetensors"));
  const images = await writeImages(join(folder, "images"), range(0, COUNT));
  const reference = await writeImages(join(folder, "reference"), range(5000, 50));
  const metrics = ["fd@tiny", "kid@tiny"];
  const filesOf = (uri: string) => ({ $case: "images" as const, value: { files: { uri } } });
  const statisticsUri = pathToFileURL(join(folder, "reference.pb")).href;
  const spec: SpecDraft = {
    metrics,
    source: filesOf(images),
    numImages: BigInt(COUNT),
    batchSize: 4,
    reference: { uri: statisticsUri },
    ignoreRecords: true,
  };
  let service = await start();
  try {
    await service.evaluate({ metrics, source: filesOf(reference), statisticsUri });
    const whole = valuesOf(await service.evaluate(spec));
    const name = await service.create(spec);
    let done = 0;
    for (let kill = 0; kill < 2; kill++) {
      const progress = async () => Number((await service.jobs.getJob({ name })).job!.progress?.done ?? 0n);
      await until("it goes on", async () => (await progress()) > done + 20);
      done = await progress();
      await service.kill();
      service = await start();
    }
    const { job, said } = await service.ended(name);
    expect(job.error).toBeUndefined();
    expect(job.attempt).toBeGreaterThan(1);
    expect(valuesOf(job.result!.kind!.value as EvaluationResult)).toEqual(whole);
    const goneOnAfter = said.flatMap((text) => /after (\d+) images/.exec(text)?.[1] ?? []).map(Number);
    expect(goneOnAfter).toHaveLength(2);
    expect(goneOnAfter[0]).toBeGreaterThan(20);
    expect(goneOnAfter[1]).toBeGreaterThan(goneOnAfter[0]! + 20); // nothing was measured twice
  } finally {
    await service.kill();
  }
}, 90_000);
