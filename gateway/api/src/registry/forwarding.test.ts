/** @file The gateway as one big model server: a client in any language needs to know no other address. */
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { DataType, type SampleResponse, wireTypes, writeTensor } from "@tandem/contracts";
import { denoisedSample, type TestModel } from "../testing/gaussian-models.js";
import { type StartedGateway, startGateway } from "../testing/start-gateway.js";
import { type StartedPeer, startPeer } from "../testing/start-peer.js";

const net: TestModel = { name: "models/net" };
const gnet: TestModel = { name: "models/gnet", spread: 0.8 };
const FLOAT32 = wireTypes[0]!;
const x = { shape: [1, 3, 4, 4], data: new Float32Array(48).map((_, i) => Math.sin(i)) };
const right = denoisedSample(net, x.data, 2, Float32Array.of(0, 1, 0, 0));
const labels = { kind: { $case: "indices" as const, value: { values: [1] } } };
const floats = (bytes: Uint8Array) => new Float32Array(Uint8Array.from(bytes).buffer);

let a: StartedPeer;
let b: StartedPeer;
let gateway: StartedGateway;
beforeAll(async () => {
  [a, b] = await Promise.all([startPeer([net]), startPeer([gnet])]);
  gateway = await startGateway({ a: a.address, b: b.address });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await Promise.all([a.served.close(), b.served.close()]);
});

describe("ModelService", () => {
  it("lists the models of all servers, or of one", async () => {
    const names = async (parent: string) =>
      (await gateway.models.listModels({ parent })).models.map(({ name }) => name);
    expect(await names("")).toEqual(["servers/a/models/net", "servers/b/models/gnet"]);
    expect(await names("servers/b")).toEqual(["servers/b/models/gnet"]);
    await expect(names("b")).rejects.toMatchObject({ reason: "FIELD_INVALID" });
  });

  it("gets a model, of a named server or of any", async () => {
    expect((await gateway.models.getModel({ name: "servers/-/models/gnet" })).model!.name).toBe(
      "servers/b/models/gnet",
    );
    expect((await gateway.models.getModel({ name: "servers/a/models/net" })).model!.labelDim).toBe(4);
    await expect(gateway.models.getModel({ name: "servers/a/models/gnet" })).rejects.toMatchObject({
      reason: "RESOURCE_NOT_FOUND",
    });
  });

  it("loads and unloads where it is told", async () => {
    const name = "servers/b/models/new";
    const source = { $case: "weights" as const, value: { uri: "file:///w.pkl" } };
    expect((await gateway.models.loadModel({ name, source })).model!.name).toBe(name);
    expect((await gateway.models.unloadModel({ name })).model!.name).toBe(name);
    await expect(gateway.models.getModel({ name })).rejects.toMatchObject({ reason: "RESOURCE_NOT_FOUND" });
    await expect(gateway.models.unloadModel({ name: "servers/-/models/net" })).rejects.toMatchObject({
      reason: "FIELD_INVALID",
    });
  });

  it("counts where the model is", async () => {
    const { flops } = await gateway.models.countFlops({ subject: { $case: "model", value: "servers/b/models/gnet" } });
    expect(flops).toBe(BigInt("models/gnet".length));
  });
});

describe("DenoiserService", () => {
  it("evaluates on whoever holds the model", async () => {
    const request = { model: "servers/-/models/net", x: writeTensor(x, FLOAT32), sigma: [2], labels };
    const { denoised } = await gateway.denoiser.denoise(request);
    expect(floats(denoised!.data)).toEqual(right);
  });

  it("passes sessions through, and ends them on the server when the client ends", async () => {
    async function* requests() {
      const value = { model: "servers/a/models/net", shape: x.shape, labels };
      yield { message: { $case: "open" as const, value } };
      for (let step = 0; step < 3; step++)
        yield { message: { $case: "step" as const, value: { sigma: [2], x: FLOAT32.encode(x.data) } } };
    }
    const kinds: string[] = [];
    for await (const { message } of gateway.denoiser.denoiseStream(requests())) {
      kinds.push(message!.$case);
      if (message?.$case === "result") expect(floats(message.value.denoised)).toEqual(right);
    }
    expect(kinds).toEqual(["opened", "result", "result", "result"]);
    expect(a.peer.openSessions).toBe(0);
  });

  it("passes the server's refusal on, reason and all", async () => {
    const request = { model: "servers/a/models/net", x: writeTensor(x, FLOAT32), sigma: [0] };
    await expect(gateway.denoiser.denoise(request)).rejects.toMatchObject({ reason: "FIELD_INVALID" });
    const open = { $case: "step" as const, value: { sigma: [1] } };
    const run = async () => {
      for await (const _ of gateway.denoiser.denoiseStream(
        (async function* () {
          yield { message: open };
        })(),
      ));
    };
    await expect(run()).rejects.toMatchObject({ reason: "PROTOCOL_VIOLATION" });
  });
});

describe("SamplerService", () => {
  const sampling = {
    model: "servers/a/models/net",
    guidance: [{ model: "servers/b/models/gnet", weight: 2 }],
    schedule: { numSteps: 4 },
  };
  const run = async (request: object) => {
    const events: NonNullable<SampleResponse["event"]>[] = [];
    for await (const { event } of gateway.sampler.sample(request)) events.push(event!);
    const last = events.at(-1);
    if (last?.$case !== "result") throw new Error("no result");
    return { events, result: last.value };
  };

  it("composes models of two servers, as one server does with both", async () => {
    await using both = await startPeer([net, gnet]);
    await using other = await startGateway({ both: both.address });
    const { events, result } = await run({ sampling, seeds: [1n, 2n], previewEvery: 2, trajectory: true });
    expect(events.map(({ $case }) => $case)).toEqual(["progress", "progress", "progress", "progress", "result"]);
    expect(result).toMatchObject({
      evaluations: 14,
      weightsDigests: { "servers/a/models/net": expect.any(String), "servers/b/models/gnet": expect.any(String) },
    });
    const third = events[3]!;
    if (third.$case !== "progress") throw new Error("no progress");
    expect(third.value.state!.data).toEqual(result.samples!.data);
    const together = {
      ...sampling,
      model: "servers/both/models/net",
      guidance: [{ model: "servers/both/models/gnet", weight: 2 }],
    };
    for await (const { event } of other.sampler.sample({ sampling: together, seeds: [1n, 2n] }))
      if (event?.$case === "result") expect(event.value.samples!.data).toEqual(result.samples!.data);
  });

  it("starts where it is told to", async () => {
    const start = writeTensor({ shape: [1, 3, 4, 4], data: new Float32Array(48) }, FLOAT32);
    const { result } = await run({
      sampling: { model: sampling.model },
      seeds: [1n],
      start,
      labels: { kind: { $case: "indices", value: { values: [-1] } } },
    });
    expect(floats(result.samples!.data).every((value) => value === 0)).toBe(true);
  });

  it.each([
    ["a seed twice", { sampling, seeds: [1n, 1n] }, "FIELD_INVALID"],
    ["no seeds", { sampling, seeds: [] }, "FIELD_INVALID"],
    ["more than a batch", { sampling, seeds: Array.from({ length: 65 }, (_, i) => BigInt(i)) }, "BATCH_TOO_LARGE"],
    [
      "a start of another shape",
      { sampling, seeds: [1n], start: writeTensor({ shape: [1, 2], data: new Float32Array(2) }, FLOAT32) },
      "SHAPE_MISMATCH",
    ],
    ["integers as output", { sampling, seeds: [1n], outputType: DataType.DATA_TYPE_INT64 }, "DATA_TYPE_UNSUPPORTED"],
  ])("refuses %s", async (_, request, reason) => {
    await expect(run(request)).rejects.toMatchObject({ reason });
  });
});
