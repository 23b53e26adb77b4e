/** @file What the gateway knows of its servers, and where it finds and puts models. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "@jest/globals";
import { ModelState, Placement, SamplerServiceDefinition, ServerHealth } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { until } from "@tandem/rpc/testing";
import { startGateway } from "../testing/start-gateway.js";
import { startPeer } from "../testing/start-peer.js";

const seeds = [{ first: 0n, last: 0n }];
const images = (model: string, guide?: string) => ({
  seeds,
  sampling: { model, guidance: guide ? [{ model: guide, weight: 2 }] : [], schedule: { numSteps: 2 } },
});

async function weightsFile(content: string, name = "net.pkl") {
  const path = join(await mkdtemp(join(tmpdir(), "weights-")), name);
  await writeFile(path, content);
  return path;
}

describe("ListServers", () => {
  it("tells health, services, round trip and measured latency, and why a server is missing", async () => {
    await using a = await startPeer([{ name: "models/net" }], { hasSampler: false });
    await using gateway = await startGateway(
      { b: "127.0.0.1:1", a: a.address },
      { deadlines: { probeIntervalMs: 20 } },
    );
    await gateway.images(images("servers/a/models/net"));
    await until("the round trip is measured", () => gateway.registry.server("a").roundTrips.count > 0);
    const { servers } = await gateway.gateway.listServers({});
    expect(servers).toMatchObject([
      {
        name: "servers/a",
        health: ServerHealth.SERVER_HEALTH_SERVING,
        tls: false,
        latencies: [{ model: "servers/a/models/net", batchSize: 1 }],
        inFlight: 0,
        lastSeen: expect.any(Date),
      },
      { name: "servers/b", health: ServerHealth.SERVER_HEALTH_UNREACHABLE, error: { code: 14 } },
    ]);
    expect(servers[0]!.services).toContain("tandem.v1.DenoiserService");
    expect(servers[0]!.services).not.toContain(SamplerServiceDefinition.fullName);
    expect(servers[0]!.roundTrip).toBeDefined();
    expect(JSON.stringify(servers[0], (_, v) => (typeof v === "bigint" ? Number(v) : v))).not.toContain(a.address);
  });

  it("turns pages", async () => {
    await using gateway = await startGateway({ a: "127.0.0.1:1", b: "127.0.0.1:1", c: "127.0.0.1:1" });
    const first = await gateway.gateway.listServers({ pageSize: 2 });
    const second = await gateway.gateway.listServers({ pageSize: 2, pageToken: first.nextPageToken });
    expect([...first.servers, ...second.servers].map(({ name }) => name)).toEqual([
      "servers/a",
      "servers/b",
      "servers/c",
    ]);
    expect(second.nextPageToken).toBe("");
    await expect(gateway.gateway.listServers({ pageToken: "%%%" })).rejects.toMatchObject({ reason: "FIELD_INVALID" });
  });
});

it("Prometheus is told where the time of evaluations goes, by server and model", async () => {
  await using a = await startPeer([{ name: "models/net", delayMs: 5 }]);
  await using gateway = await startGateway({ a: a.address, b: "127.0.0.1:1" });
  await gateway.images({ ...images("servers/a/models/net"), placement: Placement.PLACEMENT_PER_STEP });
  const text = await gateway.metrics();
  expect(text).toContain('tandem_evaluation_seconds_count{server="a",model="models/net",part="wire"} 3');
  expect(text).toMatch(/tandem_server_up\{server="a"\} 1\ntandem_server_up\{server="b"\} 0/);
});

/** Each server has its own token, which its clients never see. */
describe("a server that asks for a token", () => {
  it("is called with its token, and its refusal of a wrong one is told as it is", async () => {
    await using a = await startPeer([{ name: "models/net" }], { tokens: ["right"] });
    const servers = { good: { address: a.address, token: "right" }, bad: { address: a.address, token: "wrong" } };
    await using gateway = await startGateway(servers);
    expect(await gateway.images(images("servers/good/models/net"))).toHaveLength(1);
    await expect(gateway.images(images("servers/bad/models/net"))).rejects.toMatchObject({ reason: "TOKEN_REFUSED" });
    const { servers: told } = await gateway.gateway.listServers({});
    expect(told.map(({ error }) => error?.code)).toEqual([16, undefined]);
  });
});

describe("a model of several servers", () => {
  it("is called on the one with least work", async () => {
    await using a = await startPeer([{ name: "models/net", delayMs: 5 }]);
    await using b = await startPeer([{ name: "models/net", delayMs: 5 }]);
    await using gateway = await startGateway({ a: a.address, b: b.address });
    const spec = { ...images("servers/-/models/net"), seeds: [{ first: 0n, last: 7n }], batchSize: 2 };
    await gateway.images(spec);
    expect(a.peer.evaluationCount).toBeGreaterThan(0);
    expect(b.peer.evaluationCount).toBeGreaterThan(0);
  });

  it("is found under its new holder when the named one is away", async () => {
    const a = await startPeer([{ name: "models/net" }]);
    await using b = await startPeer([{ name: "models/copy" }]);
    await using gateway = await startGateway({ a: a.address, b: b.address });
    await a.served.close();
    await until("a is gone", () => gateway.registry.serving.length === 1);
    expect(await gateway.images(images("servers/a/models/net"))).toHaveLength(1);
  });

  it("is known as soon as it was loaded past the gateway", async () => {
    await using a = await startPeer([]);
    await using gateway = await startGateway({ a: a.address });
    a.peer.add({ name: "models/late" });
    expect(await gateway.images(images("servers/a/models/late"))).toHaveLength(1);
  });

  it("says that it is not ready, and what to do", async () => {
    await using a = await startPeer([{ name: "models/net", state: ModelState.MODEL_STATE_UNLOADED }]);
    await using gateway = await startGateway({ a: a.address });
    await expect(gateway.images(images("servers/a/models/net"))).rejects.toMatchObject({
      reason: "MODEL_NOT_READY",
      message: expect.stringContaining("LoadModel"),
      details: { metadata: { state: "MODEL_STATE_UNLOADED" } },
    });
  });
});

describe("weights by URI", () => {
  it("are loaded once, net and gnet on different servers, and used again", async () => {
    await using a = await startPeer([]);
    await using b = await startPeer([]);
    await using gateway = await startGateway({ a: a.address, b: b.address });
    const [net, gnet] = [await weightsFile("net"), await weightsFile("gnet", "gnet.pkl")];
    const runs = await Promise.all([1, 2, 3].map(() => gateway.images(images(net, gnet))));
    expect(runs.flat()).toHaveLength(3);
    expect([...a.peer.loaded, ...b.peer.loaded].sort()).toEqual(
      [net, gnet].map((path) => pathToFileURL(path).href).sort(),
    );
    expect([a.peer.loaded.length, b.peer.loaded.length]).toEqual([1, 1]);
    const [model] = a.peer.list();
    expect(model!.name).toMatch(/^models\/g?net-[0-9a-f]{8}$/);
  });

  it("are found by content where a server has them under any name, and loaded anew when the file changed", async () => {
    const path = await weightsFile("one");
    await using a = await startPeer([]);
    await using gateway = await startGateway({ a: a.address });
    await gateway.images(images(path));
    const copy = await weightsFile("one", "copy.pkl");
    await gateway.images(images(copy));
    expect(a.peer.loaded).toHaveLength(1);
    await writeFile(path, "two, longer");
    await gateway.images(images(path));
    expect(a.peer.loaded).toHaveLength(2);
  });

  it("are read where the operator says", async () => {
    await using a = await startPeer([]);
    const rewrites = [{ from: "https://far.example/", to: "file:///near/" }];
    await using gateway = await startGateway({ a: a.address }, { rewrites });
    await gateway.images(images("https://far.example/edm2/net.pkl"));
    await gateway.images(images("https://far.example/edm2/net.pkl"));
    expect(a.peer.loaded).toEqual(["file:///near/edm2/net.pkl"]);
  });

  it("go to one server when the whole loop is to run there", async () => {
    await using a = await startPeer([]);
    await using b = await startPeer([]);
    await using gateway = await startGateway({ a: a.address, b: b.address });
    const spec = { ...images("/weights/net.pkl", "/weights/gnet.pkl"), placement: 1 };
    expect(await gateway.images(spec)).toHaveLength(1);
    expect([a.peer.loaded.length, b.peer.loaded.length].sort()).toEqual([0, 2]);
  });

  it("are no longer waited for when the caller has gone, and are there for the next", async () => {
    await using a = await startPeer([]);
    await using gateway = await startGateway({ a: a.address });
    const loading = Promise.withResolvers<void>();
    a.peer.onLoad = () => loading.promise;
    const abort = new AbortController();
    const first = gateway.images(images("/slow.pkl"), abort.signal);
    await until("it loads", () => a.peer.loaded.length === 1);
    abort.abort();
    await expect(first).rejects.toMatchObject({ name: "AbortError" });
    const second = gateway.images(images("/slow.pkl"));
    loading.resolve();
    expect(await second).toHaveLength(1);
    expect(a.peer.loaded).toHaveLength(1);
  });

  it("that the server refuses are refused with the server's words", async () => {
    await using a = await startPeer([]);
    await using gateway = await startGateway({ a: a.address });
    a.peer.onLoad = () => {
      throw new DomainError("UNSAFE_FILE", "evil.pkl imports os.system");
    };
    await expect(gateway.images(images("/evil.pkl"))).rejects.toMatchObject({
      reason: "UNSAFE_FILE",
      message: "evil.pkl imports os.system",
    });
  });

  it("go to the next server when one has no memory left", async () => {
    await using a = await startPeer([]);
    await using b = await startPeer([{ name: "models/other", spread: 2 }]);
    await using gateway = await startGateway({ a: a.address, b: b.address });
    a.peer.onLoad = () => {
      throw new DomainError("OUT_OF_MEMORY", "full", { metadata: { device: "cpu" } });
    };
    expect(await gateway.images(images("/net.pkl"))).toHaveLength(1);
    expect(b.peer.loaded).toHaveLength(1);
  });
});
