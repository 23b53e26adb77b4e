/** @file The published autoencoder's architecture, 84 million parameters: Encode and Decode over gRPC against the bare sessions. */
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { AutoencoderServiceDefinition, wireTypes, writePixels, writeTensor } from "@tandem/contracts";
import { autoencoderConfig, autoencoderTensors, buildDecoder, buildEncoder, writeAutoencoder } from "@tandem/networks";
import { hashTensors } from "@tandem/networks/testing";
import { connect, createClient } from "@tandem/rpc";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { type Measurement, paired } from "./measure.js";
import { startServer } from "./server.js";

const SIDE = 128;
const COUNT = 2;
const ROUNDS = 5;

const config = autoencoderConfig({}, "config");
const autoencoder = { config, tensors: hashTensors("bench/", autoencoderTensors(config)), digest: "" };

export async function* encode(): AsyncGenerator<Measurement> {
  const folder = await mkdtemp(join(tmpdir(), "tandem-bench-"));
  await using _gone = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
  const path = join(folder, "vae.safetensors");
  await writeAutoencoder(path, autoencoder);
  await using server = await startServer(path);
  using channel = connect(server.address);
  const client = createClient(AutoencoderServiceDefinition, channel);
  const model = "models/net";

  const shape = [COUNT, 3, SIDE, SIDE];
  const data = Uint8Array.from({ length: COUNT * 3 * SIDE ** 2 }, (_, i) => (i * 7919) % 256);
  const units = Float32Array.from(data, (value) => value / 255);
  const encoder = await bare(await buildEncoder(autoencoder, [SIDE, SIDE]));
  yield await against(
    "Encode",
    () => client.encode({ model, pixels: writePixels({ shape, data }) }),
    () => encoder.run({ x: new Tensor("float32", units, shape) }),
  );
  await encoder.release();

  const side = SIDE / 8;
  const latents = Float32Array.from({ length: COUNT * 4 * side ** 2 }, (_, i) => 3 * Math.sin(i * i));
  const extents = [COUNT, 4, side, side];
  const decoder = await bare(await buildDecoder(autoencoder, [side, side]));
  const message = writeTensor({ shape: extents, data: latents }, wireTypes[0]!);
  yield await against(
    "Decode",
    () => client.decode({ model, latents: message }),
    () => decoder.run({ latents: new Tensor("float32", latents, extents) }),
  );
}

async function against(name: string, ours: () => Promise<unknown>, peer: () => Promise<unknown>): Promise<Measurement> {
  const { oursMs, peerMs, ratio } = await paired(ours, peer, { rounds: ROUNDS });
  return {
    name: `${name} over gRPC, ${SIDE}x${SIDE}, batch ${COUNT}`,
    value: (1000 * COUNT) / oursMs,
    unit: "images/s",
    ratio,
    aim: "ratio >= 0.95",
    holds: ratio >= 0.95,
    note: `bare session ${((1000 * COUNT) / peerMs).toFixed(2)} images/s`,
  };
}

const bare = ({ protobuf, externalData }: Awaited<ReturnType<typeof buildEncoder>>) =>
  InferenceSession.create(Uint8Array.from(protobuf), {
    executionProviders: ["cpu"],
    graphOptimizationLevel: "all",
    intraOpNumThreads: availableParallelism(),
    interOpNumThreads: 1,
    externalData: [...externalData],
  });
