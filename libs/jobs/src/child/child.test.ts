import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it } from "@jest/globals";
import type { TrainingSpec } from "@tandem/contracts";
import { until } from "@tandem/rpc/testing";
import { jobKind } from "../job-kind.js";
import { showState } from "../life-cycle.js";
import { type JobServer, serveJobs } from "../testing/serve-jobs.js";
import { runInChild } from "./run-in-child.js";

let folder: string;
let server: JobServer;
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** A server whose jobs do `script` in a process: `work(async (input, context) => ...)`. */
async function serve(script: string): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), "child-"));
  const module = join(folder, "work.mjs");
  const face = new URL("./child-work.js", import.meta.url).href;
  const errors = new URL("../../../errors/dist/index.js", import.meta.url).href;
  await writeFile(
    module,
    `import { childWork as work } from ${JSON.stringify(face)};
     import { DomainError } from ${JSON.stringify(errors)};
     import { writeFileSync } from "node:fs";
     ${script}`,
  );
  const run = (context: never) =>
    runInChild<"training">(pathToFileURL(module), { folder, big: 2n ** 60n }, context, { execArgv: [] });
  server = await serveJobs(folder, () => [
    jobKind<"training">({ kind: "training", pausable: true, run: run as never }),
  ]);
}

async function create(): Promise<string> {
  const resolve = async () => ({}) as TrainingSpec;
  const request = { kind: "training" as const, requestId: "", request: new Uint8Array(), validateOnly: false, resolve };
  const settings = { displayName: "", labels: {}, priority: 0, maxAttempts: 2 };
  return (await server.jobs.create({ ...request, settings })).name;
}

const job = async (name: string) => (await server.client.getJob({ name })).job!;
const reached = (name: string, state: string) =>
  until(`${name} is ${state}`, async () => showState((await job(name)).state) === state);

/** A run computes for days: its crash must not take the server along, nor stay unexplained. */
describe("work in a process of its own", () => {
  it("reports as it would at home", async () => {
    await serve(`work(async ({ folder, big }, context) => {
      writeFileSync(folder + "/report.txt", "all well");
      context.log("info", "attempt " + context.attempt);
      const { name } = await context.artifact({ path: folder + "/report.txt", kind: "report" });
      context.log("info", name);
      return { kind: "done", result: { nimg: big } };
    });`);
    const name = await create();
    await reached(name, "SUCCEEDED");
    expect((await job(name)).result!.kind!.value).toMatchObject({ nimg: 2n ** 60n });
    const { artifacts } = await server.artifacts.listArtifacts({ parent: name });
    expect(artifacts).toMatchObject([{ displayName: "report.txt", mediaType: "text/plain", sizeBytes: 8n, job: name }]);
    const logs = (await server.jobs.store.events(name, 0n, 50)).flatMap(({ event }) =>
      event?.$case === "log" ? [event.value.message] : [],
    );
    expect(logs).toEqual(["attempt 1", artifacts[0]!.name]);
  });

  it("costs an attempt when it dies, with its last words", async () => {
    await serve(`work(async () => { process.stderr.write("no more memory\\n"); process.exit(7); });`);
    const name = await create();
    await reached(name, "FAILED");
    expect((await job(name)).error!.message).toBe(
      "attempt 2 of 2: the worker process ended with code 7: no more memory",
    );
  });

  it("fails the job with the reason that it throws", async () => {
    await serve(`work(async () => { throw new DomainError("DATASET_INVALID", "no labels", { field: "spec.x" }); });`);
    const name = await create();
    await reached(name, "FAILED");
    expect(await job(name)).toMatchObject({ attempt: 1, error: { code: 9, message: "no labels" } });
  });

  it("ends its step when asked to stop", async () => {
    await serve(`work(({ folder }, { signal }) => new Promise((resolve) => {
      writeFileSync(folder + "/begun", "");
      const alive = setInterval(() => {}, 1000);
      signal.addEventListener("abort", () => { clearInterval(alive); resolve({ kind: "stopped" }); });
    }));`);
    const name = await create();
    await reached(name, "RUNNING");
    await server.client.pauseJob({ name });
    await reached(name, "PAUSED");
    await server.client.cancelJob({ name });
    expect(showState((await job(name)).state)).toBe("CANCELLED");
  });
});
