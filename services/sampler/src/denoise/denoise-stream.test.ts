import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  crc32c,
  DataType,
  DenoiseSession,
  DenoiseStreamRequest,
  type FloatTensor,
  readTensor,
  wireTypes,
} from "@tandem/contracts";
import { until } from "@tandem/rpc/testing";
import type { Draft } from "../testing/draft.js";
import { golden, goldenTensors, message, points, sameBytes, slice } from "../testing/golden.js";
import { Session } from "../testing/sessions.js";
import { type RunningSampler, startSampler } from "../testing/start-sampler.js";
import { MAX_IN_FLIGHT } from "./denoiser.controller.js";

const bytesOf = (tensor: FloatTensor) => wireTypes[0]!.encode(tensor.data);
const plane = (count: number): Draft<typeof DenoiseSession> => ({ model: "models/toy", shape: [count, 2] });
const toy = { source: { $case: "network" as const, value: { architecture: { $case: "toyMlp" as const, value: {} } } } };

let sampler: RunningSampler;

beforeAll(async () => {
  sampler = await startSampler("--model", `net=${golden("sampler/net.pkl")}`, "--max-batch", "8");
  await sampler.models.loadModel({ name: "models/toy", ...toy });
});
afterAll(async () => sampler[Symbol.asyncDispose]());

const session = (signal?: AbortSignal) => new Session(sampler.denoiser, signal);
const nothingIsLeft = () =>
  until("no session, no evaluation, no call", () => {
    const { domain, runtime, server } = sampler;
    return domain.sessions.count === 0 && runtime.running === 0 && server.activeCalls === 0;
  });

describe("a DenoiseStream", () => {
  it("says what serves it, answers its steps in order, and closes with OK after half-closing", async () => {
    const stream = session();
    const opened = await stream.open(plane(2));
    const { models } = sampler;
    const { model } = await models.getModel({ name: "models/toy" });
    expect(opened).toEqual({
      weightsDigest: model!.weightsDigest,
      execution: model!.execution,
      maxInFlight: MAX_IN_FLIGHT,
    });
    const levels = [4, 2, 1, 0.5, 0.25, 0.125, 0.0625];
    for (const sigma of levels) stream.step({ x: bytesOf(points(2)), sigma: [sigma] });
    stream.end();
    for (const sigma of levels) {
      const { denoised: alone } = await sampler.denoiser.denoise({
        model: "models/toy",
        x: message(points(2)),
        sigma: [sigma],
      });
      expect(sameBytes((await stream.result()).denoised, alone!.data)).toBe(true);
    }
    expect(await stream.next()).toBeUndefined();
    await nothingIsLeft();
  });

  it("gives the bytes that Denoise gives, labels and every wire type included", async () => {
    const io = await goldenTensors("network/cond/io.safetensors");
    const labels = { kind: { $case: "vectors" as const, value: message(slice(io.labels!, 0, 3)) } };
    const x = slice(io.x!, 0, 3);
    const sigma = [...io.sigma!.data.slice(0, 3)];
    for (const wireType of wireTypes) {
      const stream = session();
      await stream.open({ model: "models/net", shape: x.shape as number[], labels, dataType: wireType.dataType });
      const streamed = await stream.denoise(x, sigma, wireType);
      stream.end();
      const unary = await sampler.denoiser.denoise({ model: "models/net", x: message(x, wireType), sigma, labels });
      expect(sameBytes(streamed, readTensor(unary.denoised, "D").data)).toBe(true);
    }
  });

  it("keeps checksums on both sides when it was opened so", async () => {
    const stream = session();
    await stream.open({ ...plane(1), checksum: true });
    const x = bytesOf(points(1));
    stream.step({ x, sigma: [1], crc32c: crc32c(x) });
    const { denoised, crc32c: sum } = await stream.result();
    expect(sum).toBe(crc32c(denoised));
    stream.step({ x, sigma: [1], crc32c: (crc32c(x) ^ 1) >>> 0 });
    await expect(stream.result()).rejects.toMatchObject({ reason: "CHECKSUM_MISMATCH", details: { field: "step.x" } });
  });

  it("reads no more steps than it may leave unanswered, and answers them all in the end", async () => {
    const pause = sampler.runtime.pauseAt(1);
    const stream = session();
    await stream.open(plane(1));
    const before = sampler.runtime.total;
    for (let i = 0; i < 10; i++) stream.step({ x: bytesOf(points(1)), sigma: [1 + i] });
    await until("all that may be unanswered are begun", () => sampler.runtime.total - before === MAX_IN_FLIGHT);
    await new Promise((resolve) => setTimeout(resolve, 50)); // time for the fifth to be read, if it were
    expect(sampler.runtime.total - before).toBe(MAX_IN_FLIGHT);
    pause.release();
    for (let i = 0; i < 10; i++) await stream.result();
    stream.end();
    expect(await stream.next()).toBeUndefined();
  });

  /** Weights that change in the middle of a run give an image that no weights would give. */
  it("keeps its weights: after an unload its steps get MODEL_NOT_READY, even if other weights have the name by then", async () => {
    await sampler.models.loadModel({ name: "models/brief", ...toy });
    const stream = session();
    await stream.open({ ...plane(1), model: "models/brief" });
    await stream.denoise(points(1), [1]);
    await sampler.models.unloadModel({ name: "models/brief" });
    await sampler.models.loadModel({ name: "models/brief", ...toy });
    await expect(stream.denoise(points(1), [1])).rejects.toMatchObject({ reason: "MODEL_NOT_READY" });
  });

  it("lets an unload wait for the step in progress", async () => {
    await sampler.models.loadModel({ name: "models/brief", ...toy });
    const stream = session();
    await stream.open({ ...plane(1), model: "models/brief" });
    const pause = sampler.runtime.pauseAt(1);
    stream.step({ x: bytesOf(points(1)), sigma: [1] });
    await pause.reached;
    const unloading = sampler.models.unloadModel({ name: "models/brief" });
    await until("it is refused to others", async () => {
      const { model } = await sampler.models.getModel({ name: "models/brief" });
      return model!.state === 1;
    });
    pause.release();
    expect((await stream.result()).denoised).toHaveLength(8);
    await unloading;
    stream.end();
  });
});

describe("a DenoiseStream that breaks the rules", () => {
  const x = bytesOf(points(2));

  it.each<[string, string, string | undefined, (stream: Session) => unknown]>([
    ["sends a step first", "PROTOCOL_VIOLATION", "message", (s) => s.step({ x, sigma: [1] })],
    ["sends an empty message first", "PROTOCOL_VIOLATION", "message", (s) => s.send(undefined)],
    ["ends before it begins", "PROTOCOL_VIOLATION", "message", (s) => s.end()],
    [
      "opens twice",
      "PROTOCOL_VIOLATION",
      "message",
      (s) => s.open(plane(2)).then(() => s.send({ $case: "open", value: plane(2) })),
    ],
    ["sends an empty message", "PROTOCOL_VIOLATION", "message", (s) => s.open(plane(2)).then(() => s.send(undefined))],
    [
      "opens a model that is not there",
      "RESOURCE_NOT_FOUND",
      undefined,
      (s) => s.send({ $case: "open", value: { model: "models/nobody", shape: [1, 2] } }),
    ],
    ["opens without a model", "FIELD_INVALID", "open.model", (s) => s.send({ $case: "open", value: {} })],
    [
      "opens with another shape",
      "SHAPE_MISMATCH",
      "open.shape",
      (s) => s.send({ $case: "open", value: { ...plane(2), shape: [2, 3] } }),
    ],
    ["opens with no samples", "FIELD_INVALID", "open.shape", (s) => s.send({ $case: "open", value: plane(0) })],
    ["opens with too many samples", "BATCH_TOO_LARGE", "open.shape", (s) => s.send({ $case: "open", value: plane(9) })],
    [
      "opens with pixels",
      "DATA_TYPE_UNSUPPORTED",
      "open.data_type",
      (s) => s.send({ $case: "open", value: { ...plane(2), dataType: DataType.DATA_TYPE_UINT8 } }),
    ],
    [
      "opens with a wrong label",
      "LABEL_OUT_OF_RANGE",
      "open.labels.indices.values",
      (s) =>
        s.send({
          $case: "open",
          value: {
            model: "models/net",
            shape: [1, 3, 32, 32],
            labels: { kind: { $case: "indices", value: { values: [10] } } },
          },
        }),
    ],
    [
      "sends too few bytes",
      "TENSOR_SIZE_MISMATCH",
      "step.x",
      (s) => s.open(plane(2)).then(() => s.step({ x: x.subarray(1), sigma: [1] })),
    ],
    [
      "sends NaN",
      "FIELD_INVALID",
      "step.x",
      (s) =>
        s
          .open(plane(1))
          .then(() => s.step({ x: bytesOf({ shape: [1, 2], data: Float32Array.of(Number.NaN, 0) }), sigma: [1] })),
    ],
    ["sends sigma 0", "FIELD_INVALID", "step.sigma", (s) => s.open(plane(2)).then(() => s.step({ x, sigma: [0, 1] }))],
    ["sends no sigma", "FIELD_INVALID", "step.sigma", (s) => s.open(plane(2)).then(() => s.step({ x }))],
    [
      "forgets the checksum",
      "FIELD_INVALID",
      "step.crc32c",
      (s) => s.open({ ...plane(2), checksum: true }).then(() => s.step({ x, sigma: [1] })),
    ],
  ])("and %s gets its error; the next stream works", async (_, reason, field, act) => {
    const stream = session();
    await act(stream);
    await expect(stream.next()).rejects.toMatchObject({ reason, ...(field && { details: { field } }) });
    const next = session();
    await next.open(plane(2));
    await next.denoise(points(2), [1]);
    next.end();
    await next.next();
    await nothingIsLeft();
  });

  it("gets the answers to the steps before the wrong one", async () => {
    const stream = session();
    await stream.open(plane(2));
    stream.step({ x, sigma: [1] });
    stream.step({ x, sigma: [-1] });
    stream.step({ x, sigma: [1] });
    expect((await stream.result()).denoised).toHaveLength(16);
    await expect(stream.result()).rejects.toMatchObject({ details: { field: "step.sigma" } });
    await nothingIsLeft();
  });
});

describe("a DenoiseStream that is given up", () => {
  it("stops with its caller, before, between and in steps", async () => {
    for (const moment of ["before open", "between steps", "in a step"]) {
      const caller = new AbortController();
      const stream = session(caller.signal);
      const before = sampler.runtime.total;
      if (moment !== "before open") {
        await stream.open(plane(1));
        await stream.denoise(points(1), [1]);
      }
      const pause = sampler.runtime.pauseAt(1);
      if (moment === "in a step") {
        for (let i = 0; i < 6; i++) stream.step({ x: bytesOf(points(1)), sigma: [1] });
        await pause.reached;
      }
      caller.abort();
      await expect(stream.next()).rejects.toMatchObject({ name: "AbortError" });
      await nothingIsLeft();
      pause.release();
      expect(sampler.runtime.total - before).toBeLessThanOrEqual(1 + MAX_IN_FLIGHT);
    }
  });

  /** A client that crashes says nothing: its socket is gone, and with it must go all that waits for it. */
  it("leaves nothing when its client crashes in the middle of a step", async () => {
    const client = connectHttp2(`http://${sampler.address}`);
    client.on("error", () => undefined); // its own end of the broken connection
    const call = client.request({
      ":method": "POST",
      ":path": "/tandem.v1.DenoiserService/DenoiseStream",
      "content-type": "application/grpc",
      te: "trailers",
    });
    call.on("error", () => undefined);
    const pause = sampler.runtime.pauseAt(1);
    call.write(framed({ message: { $case: "open", value: plane(1) } }));
    call.write(framed({ message: { $case: "step", value: { x: bytesOf(points(1)), sigma: [1] } } }));
    await once(call, "response");
    await pause.reached;
    expect(sampler.domain.sessions.count).toBe(1);
    client.destroy();
    await nothingIsLeft();
    pause.release();
  });
});

/** A gRPC frame: no compression, length, message. */
function framed(request: Draft<typeof DenoiseStreamRequest>): Buffer {
  const message = DenoiseStreamRequest.encode(DenoiseStreamRequest.fromPartial(request)).finish();
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
