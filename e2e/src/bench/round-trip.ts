/** @file A 64 KiB step of a DenoiseStream against the same bytes echoed over bare TCP. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { fileURLToPath } from "node:url";
import { DenoiserServiceDefinition, type DenoiseStreamRequest, ModelServiceDefinition } from "@tandem/contracts";
import { connect, createClient } from "@tandem/rpc";
import { ServiceProcess } from "../stack.js";
import { type Measurement, median } from "./measure.js";

const BYTES = 64 * 1024;
const ROUNDS = 400;

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
  return median(times);
}

async function streamRoundTrip(): Promise<{ totalMs: number; computeMs: number }> {
  await using server = await ServiceProcess.start("sampler", ["--listen", "127.0.0.1:0", "--max-batch", "8192"]);
  using channel = connect(server.address);
  // The smallest network there is: points of the plane, 8192 of them are 64 KiB.
  const network = { architecture: { $case: "toyMlp" as const, value: { numLayers: 1, hiddenDim: 1, sigmaData: 0 } } };
  await createClient(ModelServiceDefinition, channel).loadModel({
    name: "models/toy",
    source: { $case: "network", value: network },
  });
  const x = new Uint8Array(new Float32Array(BYTES / 4).fill(0.5).buffer);
  let answered = Promise.withResolvers<void>();
  async function* requests(): AsyncGenerator<Partial<DenoiseStreamRequest>> {
    const open = { model: "models/toy", shape: [BYTES / 8, 2], dataType: 0, labels: undefined, checksum: false };
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
  return { totalMs: median(total), computeMs: median(compute) };
}
