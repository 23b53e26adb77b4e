/** @file Remote denoisers are denoisers, and outlive their servers. */
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { wireTypes } from "@tandem/contracts";
import { denoiserSuite } from "@tandem/diffusion/testing";
import { until } from "@tandem/rpc/testing";
import { parseConfig } from "../config.js";
import { Registry } from "../registry/registry.js";
import { Resolver } from "../registry/resolver.js";
import { denoisedSample, digestOf, type TestModel } from "../testing/gaussian-models.js";
import { type StartedPeer, startPeer } from "../testing/start-peer.js";
import { RemoteDenoiser } from "./remote-denoiser.js";

const FLOAT32 = wireTypes[0]!;

async function open(servers: Record<string, string>, model: string, deadlines: object = {}) {
  const entries = Object.entries(servers).map(([name, address]) => ({ name, address }));
  const config = parseConfig({ servers: entries, deadlines }, ".", "test");
  const registry = new Registry(config.servers, config.deadlines);
  await registry.start();
  const pool = await new Resolver(registry, config).resolve("model", model);
  const denoiser = new RemoteDenoiser(pool, { wireType: FLOAT32, deadlines: config.deadlines });
  const close = async () => {
    await denoiser.close();
    registry.stop();
  };
  return { denoiser, registry, close, [Symbol.asyncDispose]: close };
}

const models: [string, TestModel][] = [
  ["a conditional model", { name: "models/net", maxBatchSize: 8 }],
  ["an unconditional model", { name: "models/net", labelDim: 0, maxBatchSize: 8 }],
];
for (const [what, model] of models)
  denoiserSuite(`A RemoteDenoiser of ${what}`, async () => {
    const server = await startPeer([model]);
    const remote = await open({ a: server.address }, "servers/a/models/net");
    return {
      denoiser: remote.denoiser,
      expected: (x, sigma, label) => denoisedSample(model, x, sigma, label),
      close: async () => {
        await remote.close();
        await server.served.close();
      },
    };
  });

/** Two servers hold the same weights. A user whose image is half done must not notice that one of them goes. */
describe("a RemoteDenoiser with a stand-in", () => {
  const model: TestModel = { name: "models/net" };
  const x = { shape: [2, 3, 4, 4], data: new Float32Array(96).map((_, i) => Math.sin(i)) };
  const sigma = Float32Array.of(2, 2);
  let a: StartedPeer;
  let b: StartedPeer;
  beforeAll(async () => {
    [a, b] = await Promise.all([startPeer([model]), startPeer([{ ...model, name: "models/copy" }])]);
  });
  afterAll(() => Promise.all([a.served.close(), b.served.close()]));

  it("keeps to the server that was named, over one session", async () => {
    await using remote = await open({ a: a.address, b: b.address }, "servers/a/models/net");
    for (let step = 0; step < 5; step++) await remote.denoiser.denoise(x, sigma);
    expect([a.peer.evaluationCount, b.peer.evaluationCount]).toEqual([5, 0]);
    expect(a.peer.openSessions).toBe(1);
    await remote.close();
    expect(a.peer.openSessions).toBe(0);
  });

  it("sends an evaluation again elsewhere when the weights on its server were exchanged", async () => {
    await using remote = await open({ a: a.address, b: b.address }, "servers/a/models/net");
    a.peer.digestOverride = digestOf({ ...model, spread: 3 });
    const before = b.peer.evaluationCount;
    const { data } = await remote.denoiser.denoise(x, sigma);
    a.peer.digestOverride = undefined;
    expect(b.peer.evaluationCount).toBe(before + 1);
    expect(data.subarray(0, 48)).toEqual(denoisedSample(model, x.data.subarray(0, 48), 2, new Float32Array(0)));
  });

  it("sends an unanswered evaluation again elsewhere when its server goes, with the same bytes as result", async () => {
    const gone = await startPeer([model]);
    await using remote = await open({ a: gone.address, b: b.address }, "servers/a/models/net");
    const right = await remote.denoiser.denoise(x, sigma);
    gone.peer.onEvaluation = () => new Promise(() => {});
    const pending = remote.denoiser.denoise(x, sigma);
    await until("the evaluation has begun", () => gone.peer.evaluationCount === 2);
    await gone.served.close();
    expect((await pending).data).toEqual(right.data);
  });
});

describe("a RemoteDenoiser without a stand-in", () => {
  const x = { shape: [1, 3, 4, 4], data: new Float32Array(48) };
  const sigma = Float32Array.of(1);

  it("names the server that did not answer within the deadline", async () => {
    await using server = await startPeer([{ name: "models/net" }]);
    const deadlines = { firstStepMs: 300, stepFloorMs: 300 };
    await using remote = await open({ slow: server.address }, "servers/slow/models/net", deadlines);
    server.peer.onEvaluation = () => new Promise(() => {});
    await expect(remote.denoiser.denoise(x, sigma)).rejects.toMatchObject({
      reason: "SERVER_UNAVAILABLE",
      message: expect.stringContaining("server slow did not answer an evaluation of models/net within 0.3 s"),
      details: { metadata: { server: "servers/slow" } },
    });
  });

  it("waits for a server whose queue is full", async () => {
    await using server = await startPeer([{ name: "models/net" }]);
    await using remote = await open({ a: server.address }, "servers/a/models/net");
    const { DomainError } = await import("@tandem/errors");
    server.peer.onEvaluation = (count) => {
      if (count < 3) throw new DomainError("QUEUE_FULL", "32 wait", { retryAfterMs: 20 });
    };
    await remote.denoiser.denoise(x, sigma);
    expect(server.peer.evaluationCount).toBe(3);
  });

  it("works again when the server is back", async () => {
    const first = await startPeer([{ name: "models/net" }]);
    await using remote = await open({ a: first.address }, "servers/a/models/net", { probeIntervalMs: 50 });
    await first.served.close();
    await expect(remote.denoiser.denoise(x, sigma)).rejects.toMatchObject({ reason: "SERVER_UNAVAILABLE" });
    await using _second = await startPeer([{ name: "models/net" }], { listen: first.address });
    await until("the server serves", () => remote.registry.serving.length === 1);
    expect((await remote.denoiser.denoise(x, sigma)).shape).toEqual([1, 3, 4, 4]);
  });
});
