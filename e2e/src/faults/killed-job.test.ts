/**
 * A run takes days, and machines fail in less. Whatever is killed, the job goes on by itself from what is on the disk, is found
 * under its name, and ends with the bytes of a run that nothing happened to.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { JobServiceDefinition, JobState, TrainerServiceDefinition } from "@tandem/contracts";
import { connect, createClient } from "@tandem/rpc";
import { until } from "@tandem/rpc/testing";
import { ServiceProcess } from "../stack.js";

const ITERATIONS = 1088;
const folder = mkdtempSync(join(tmpdir(), "tandem-killed-job-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A trainer and a gateway over it that can be killed and started again in their places. */
class Place implements AsyncDisposable {
  private constructor(
    private trainer: ServiceProcess,
    private gateway: ServiceProcess,
  ) {}

  static async start(): Promise<Place> {
    const trainer = await startTrainer("127.0.0.1:0");
    return new Place(trainer, await startGateway(trainer.address, "127.0.0.1:0"));
  }

  /** Kills with SIGKILL, and starts again at the same addresses. */
  async kill(...who: ("trainer" | "gateway")[]): Promise<void> {
    const { trainer, gateway } = this;
    if (who.includes("trainer")) await killed(trainer);
    if (who.includes("gateway")) await killed(gateway);
    if (who.includes("trainer")) this.trainer = await startTrainer(trainer.address);
    if (who.includes("gateway")) this.gateway = await startGateway(trainer.address, gateway.address);
  }

  /** A connection of a client that knows the gateway's address. */
  connect() {
    return connect(this.gateway.address, { name: "gateway" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway[Symbol.asyncDispose]();
    await this.trainer[Symbol.asyncDispose]();
  }
}

async function killed(service: ServiceProcess): Promise<void> {
  service.signal("SIGKILL");
  await service.ended();
}

const startTrainer = (listen: string) =>
  ServiceProcess.start("trainer", [
    "--listen",
    listen,
    "--data",
    join(folder, "own"),
    "--roots",
    folder,
    "--threads",
    "1",
  ]);
const startGateway = (trainer: string, listen: string) =>
  ServiceProcess.start("gateway", ["--listen", listen, "--server", `trainer=${trainer}`]);

/** Creates a run of the toy, and kills as soon as it has a checkpoint behind it. @returns the job as it ended */
async function train(place: Place, name: string, who: ("trainer" | "gateway")[]) {
  const job = async (id: string) => {
    using channel = place.connect();
    return (await createClient(JobServiceDefinition, channel).getJob({ name: id })).job!;
  };
  using channel = place.connect();
  const outputUri = pathToFileURL(`${join(folder, name)}/`).href;
  const toy = { batchSize: 64, iterations: ITERATIONS, network: { hiddenDim: 16, numLayers: 2 }, previewIterations: 0 };
  const spec = { outputUri, run: { $case: "toy" as const, value: toy } };
  const created = await createClient(TrainerServiceDefinition, channel).createTrainingJob({ spec, requestId: name });
  const id = created.job!.name;
  expect(id).toMatch(/^servers\/trainer\/jobs\//);
  if (who.length > 0) {
    await until("a checkpoint is written", async () => Number((await job(id)).progress?.done ?? 0) > 520, 60_000);
    await place.kill(...who);
  }
  const isOver = async () => {
    const now = await job(id).catch(() => undefined); // the server may still be coming back
    return now !== undefined && now.state === JobState.JOB_STATE_SUCCEEDED;
  };
  await until(`${name} is done`, isOver, 90_000);
  return job(id);
}

const network = (name: string) =>
  readFileSync(join(folder, name, `network-snapshot-000${ITERATIONS}-0.010.safetensors`));

describe("a job", () => {
  let place: Place;
  beforeAll(async () => {
    place = await Place.start();
    await train(place, "whole", []);
  }, 120_000);
  afterAll(() => place[Symbol.asyncDispose]());

  it.each([
    ["the trainer", ["trainer"], 2],
    ["the gateway", ["gateway"], 1],
    ["both", ["trainer", "gateway"], 2],
  ] as const)(
    "survives kill -9 of %s",
    async (_, who, attempts) => {
      const name = who.join("-");
      const { attempt } = await train(place, name, [...who]);
      expect(attempt).toBe(attempts);
      const [ours, whole] = [network(name), network("whole")];
      // Headers tell the runs apart, which are different jobs; the weights are the same.
      const body = (file: Buffer) => file.subarray(8 + Number(file.readBigUInt64LE(0)));
      expect(body(ours).equals(body(whole))).toBe(true);
    },
    180_000,
  );
});
