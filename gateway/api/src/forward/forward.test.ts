/** One address for everything: a client that knows only the gateway must be able to run, watch and fetch what its servers do. */
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  ArtifactKind,
  ArtifactServiceDefinition,
  JobServiceDefinition,
  TrainerServiceDefinition,
  type TrainingSpec,
} from "@tandem/contracts";
import { jobKind, showState } from "@tandem/jobs";
import { type JobServer, serveJobs } from "@tandem/jobs/testing";
import { type Client, connect, createClient, Metadata } from "@tandem/rpc";
import { until } from "@tandem/rpc/testing";
import { type StartedGateway, startGateway } from "../testing/start-gateway.js";
import { startPeer } from "../testing/start-peer.js";

let folder: string;
let servers: JobServer[];
let model: Awaited<ReturnType<typeof startPeer>>;
let gateway: StartedGateway;
let jobs: Client<typeof JobServiceDefinition>;
let artifacts: Client<typeof ArtifactServiceDefinition>;
let trainer: Client<typeof TrainerServiceDefinition>;
/** Ends all jobs that wait for it. */
const go = Promise.withResolvers<void>();

/** A job writes a file once it may, and is done. */
const kind = jobKind<"training">({
  kind: "training",
  pausable: true,
  async run(context) {
    context.log("info", "waits");
    const stopped = new Promise((resolve) => context.signal.addEventListener("abort", resolve, { once: true }));
    await Promise.race([go.promise, stopped]);
    if (context.signal.aborted) return { kind: "stopped" };
    const path = join(context.spec.outputUri, `${context.name.replace("jobs/", "")}.txt`);
    await writeFile(path, `of ${context.name}`);
    const { name } = await context.artifact({ path, kind: "report" });
    return { kind: "done", result: { nimg: 1n, snapshots: [name], status: undefined } as never };
  },
});

async function create(server: JobServer, name: string): Promise<string> {
  const at = join(folder, name);
  const job = await server.jobs.create({
    kind: "training",
    ...{ requestId: "", request: new Uint8Array(), settings: undefined, validateOnly: false },
    resolve: async () => ({ outputUri: at }) as TrainingSpec,
  });
  return job.name;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "forward-"));
  servers = await Promise.all(["a", "b"].map((name) => serveJobs(join(folder, name), () => [kind])));
  model = await startPeer([{ name: "models/net" }]);
  gateway = await startGateway({ a: servers[0]!.address, b: servers[1]!.address, models: model.address });
  const channel = connect(gateway.address);
  jobs = createClient(JobServiceDefinition, channel);
  artifacts = createClient(ArtifactServiceDefinition, channel);
  trainer = createClient(TrainerServiceDefinition, channel);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await Promise.all([...servers.map((server) => server[Symbol.asyncDispose]()), model.served.close()]);
  await rm(folder, { recursive: true });
});

describe("jobs of the servers", () => {
  it("are listed together, newest first, page by page, and told what to do by their full names", async () => {
    const names: string[] = [];
    for (const [server, own] of [
      [0, "a"],
      [1, "b"],
      [0, "a"],
      [1, "b"],
      [1, "b"],
    ] as const) {
      names.unshift(`servers/${own}/${await create(servers[server]!, own)}`);
      await new Promise((resolve) => setTimeout(resolve, 5)); // times of creation differ
    }
    const listed: string[] = [];
    let pageToken = "";
    do {
      const page = await jobs.listJobs({ parent: "servers/-", pageSize: 2, pageToken });
      expect(page.jobs.length).toBeLessThanOrEqual(2);
      listed.push(...page.jobs.map(({ name }) => name));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(listed).toEqual(names);
    expect((await jobs.listJobs({ parent: "servers/a" })).jobs.map(({ name }) => name)).toEqual(
      names.filter((name) => name.startsWith("servers/a/")),
    );
    expect((await jobs.listJobs({})).jobs).toEqual([]);
    for (const pageToken of [
      "abc",
      Buffer.from("[1]").toString("base64url"),
      Buffer.from("null").toString("base64url"),
    ])
      await expect(jobs.listJobs({ parent: "servers/-", pageToken })).rejects.toThrow(/page_token/);

    const [newest] = names as [string];
    expect((await jobs.getJob({ name: newest })).job!.name).toBe(newest);
    expect(showState((await jobs.pauseJob({ name: newest })).job!.state)).toBe("PAUSED");
    await jobs.cancelJob({ name: newest });
    await jobs.deleteJob({ name: newest });
    await expect(jobs.getJob({ name: newest })).rejects.toMatchObject({ reason: "RESOURCE_NOT_FOUND" });
    await expect(jobs.getJob({ name: "servers/nobody/jobs/x" })).rejects.toThrow("there is no server nobody");
  });

  it("are watched to their end, and their files fetched, with names that work here", async () => {
    const [last] = (await jobs.listJobs({ parent: "servers/a" })).jobs.slice(-1);
    const events = [];
    for await (const { event } of jobs.watchJob({ name: last!.name, afterSequence: 0n })) {
      if (event?.$case === "log") go.resolve();
      events.push(event);
    }
    const end = events.at(-1)!.value as { name: string; result: { kind: { value: { snapshots: string[] } } } };
    expect(end.name).toBe(last!.name);
    const [file] = end.result.kind.value.snapshots as [string];
    expect(file).toMatch(/^servers\/a\/artifacts\//);
    const { artifacts: found } = await artifacts.listArtifacts({ parent: last!.name });
    expect(found).toMatchObject([{ name: file, job: last!.name }]);
    let text = "";
    for await (const { message } of artifacts.downloadArtifact({ name: file }))
      if (message?.$case === "chunk") text += Buffer.from(message.value).toString();
    expect(text).toBe(`of ${last!.name.replace("servers/a/", "")}`);
  });

  it("fail to be watched with a clear error when their server goes away", async () => {
    const job = await create(servers[1]!, "b");
    await until(
      "it waits no more",
      async () => showState((await jobs.getJob({ name: `servers/b/${job}` })).job!.state) === "SUCCEEDED",
    );
    await servers[1]![Symbol.asyncDispose]();
    const { jobs: left } = await jobs.listJobs({ parent: "servers/-" });
    expect(left.every(({ name }) => name.startsWith("servers/a/"))).toBe(true);
    await expect(jobs.getJob({ name: `servers/b/${job}` })).rejects.toMatchObject({ reason: "SERVER_UNAVAILABLE" });
    servers[1] = await serveJobs(join(folder, "unused"), () => []);
  });
});

describe("a call without a name", () => {
  const content = Buffer.from("weights");
  const upload = async function* () {
    const header = {
      displayName: "w.safetensors",
      kind: ArtifactKind.ARTIFACT_KIND_WEIGHTS,
      mediaType: "",
      sizeBytes: 0n,
    };
    yield { message: { $case: "header" as const, value: header } };
    yield { message: { $case: "chunk" as const, value: content } };
    const sha256 = createHash("sha256").update(content).digest("hex");
    yield { message: { $case: "commit" as const, value: { sizeBytes: BigInt(content.length), sha256 } } };
  };

  it("goes where its metadata says, and asks for that when several could be meant", async () => {
    const metadata = Metadata({ "tandem-server": "servers/a" });
    const { artifact } = await artifacts.uploadArtifact(upload(), { metadata });
    expect(artifact!.name).toMatch(/^servers\/a\/artifacts\//);
    expect((await artifacts.getArtifact({ name: artifact!.name })).artifact!.displayName).toBe("w.safetensors");
  });

  it("to a service that no server has says so", async () => {
    await expect(trainer.listTrainingPresets({})).rejects.toMatchObject({ reason: "NOT_SUPPORTED" });
    await expect(jobs.getJob({ name: "servers/models/jobs/x" })).rejects.toThrow(
      "servers/models does not serve JobService",
    );
  });
});
