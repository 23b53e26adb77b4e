/** @file A 64 KiB step of a DenoiseStream against the same bytes echoed over bare TCP. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { fileURLToPath } from "node:url";
import {
  DenoiserServiceDefinition,
  type DenoiseStreamRequest,
  Edm2Unet,
  ModelServiceDefinition,
} from "@tandem/contracts";
import { connect, createClient } from "@tandem/rpc";
import { type Measurement, median } from "./measure.js";
import { startServer } from "./server.js";

const BYTES = 64 * 1024;
const ROUNDS = 800;
/** Rounds at the beginning that do not count: code is still being compiled. */
const WARM_UP = 400;

export async function* roundTrip(): AsyncGenerator<Measurement> {
  const tcpMs = await tcpRoundTrip();
  const { totalMs, computeMs } = await streamRoundTrip();
  const value = totalMs - computeMs;
  yield {
    name: "DenoiseStream round trip, 64 KiB",
    value,
    unit: "ms",
    ratio: value / tcpMs,
    aim: "ratio <= 4 to raw TCP",
    holds: value <= 4 * tcpMs,
    note: `without the ${computeMs.toFixed(3)} ms that the server computes a step; raw TCP ${tcpMs.toFixed(3)} ms`,
  };
}

async function tcpRoundTrip(): Promise<number> {
  const echo = fork(fileURLToPath(new URL("./tcp-echo.js", import.meta.url)));
  const [port] = (await once(echo, "message")) as [number];
  const socket = connectTcp(port, "127.0.0.1").setNoDelay();
  const data = Buffer.alloc(BYTES, 1);
  const times: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const start = performance.now();
    socket.write(data);
    let received = 0;
    while (received < BYTES) received += ((await once(socket, "data")) as [Buffer])[0].length;
    times.push(performance.now() - start);
  }
  socket.destroy();
  echo.kill();
  return median(times.slice(WARM_UP));
}

async function streamRoundTrip(): Promise<{ totalMs: number; computeMs: number }> {
  await using server = await startServer();
  using channel = connect(server.address);
  // The smallest network on latents: 4 x 64 x 64 float32 are 64 KiB.
  const config = { imgResolution: 64, imgChannels: 4, modelChannels: 4, channelMult: [1], numBlocks: 1 };
  const unet = Edm2Unet.fromPartial({ ...config, attnResolutions: { values: [] } });
  await createClient(ModelServiceDefinition, channel).loadModel({
    name: "models/small",
    source: { $case: "network", value: { architecture: { $case: "edm2Unet", value: unet } } },
  });
  const x = new Uint8Array(new Float32Array(BYTES / 4).fill(0.5).buffer);
  let answered = Promise.withResolvers<void>();
  async function* requests(): AsyncGenerator<Partial<DenoiseStreamRequest>> {
    const open = { model: "models/small", shape: [1, 4, 64, 64], dataType: 0, labels: undefined, checksum: false };
    yield { message: { $case: "open", value: open } };
    for (let i = 0; i <= ROUNDS; i++) {
      await answered.promise;
      answered = Promise.withResolvers();
      if (i < ROUNDS) yield { message: { $case: "step", value: { sigma: [1], x, crc32c: undefined } } };
    }
  }
  const total: number[] = [];
  const compute: number[] = [];
  let start = 0;
  for await (const { message } of createClient(DenoiserServiceDefinition, channel).denoiseStream(requests())) {
    if (message?.$case === "result") {
      total.push(performance.now() - start);
      compute.push(Number(message.value.timing?.compute?.nanos ?? 0) / 1e6);
    }
    start = performance.now();
    answered.resolve();
  }
  return { totalMs: median(total.slice(WARM_UP)), computeMs: median(compute.slice(WARM_UP)) };
}
