/** @file An autoencoder that is a model of some server, through the gateway that knows it. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  AutoencoderServiceDefinition,
  DataType,
  type Model,
  ModelKind,
  ModelServiceDefinition,
  readPixels,
  readTensor,
  wireTypeOf,
  writePixels,
  writeTensor,
} from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { connectGateway, createClient, type GatewayAddress } from "@tandem/rpc";
import type { Coder, Samples } from "./coder.js";

/** A message has at most 64 MiB; pixels and latents of a call stay well below. */
const CALL_BYTES = 2 ** 25;
/** A server that is started again is back within this time; one that stays away longer is reported, milliseconds. */
const [PATIENCE_MS, PAUSE_MS] = [60_000, 1000];

/** Where, and which. */
export interface RemoteCoderOptions {
  readonly gateway: GatewayAddress;
  readonly model: string;
}

/** Calls `use` with it. @throws DomainError RESOURCE_NOT_FOUND, MODEL_INCOMPATIBLE, SERVER_UNAVAILABLE; what `use` throws */
export async function withRemoteCoder<T>(options: RemoteCoderOptions, use: (coder: Coder) => Promise<T>): Promise<T> {
  const { gateway, model: name } = options;
  const channel = connectGateway(gateway);
  try {
    const model = await autoencoderModel(options);
    const client = createClient(AutoencoderServiceDefinition, channel);
    const most = (bytes: number) => Math.max(1, Math.min(model.maxBatchSize, Math.floor(CALL_BYTES / bytes)));
    const facts = factsOf(model);
    const { imgChannels, latentChannels, downscale } = facts;
    // The larger of pixels and latents of a sample, by the places of a latent.
    const bytesPerPlace = Math.max(imgChannels * downscale ** 2, 8 * latentChannels);
    const callOf = (samples: Samples<unknown>, scale: number) =>
      most(((bytesPerPlace * samples.shape[2]) / scale) * (samples.shape[3] / scale));
    return await use({
      ...facts,
      encode: (pixels, signal) =>
        inCalls(pixels, callOf(pixels, downscale), Float32Array, async (part) => {
          const request = { model: name, pixels: writePixels(part, true) };
          const { moments } = await patiently(() => client.encode(request, { signal }), signal);
          return readTensor(moments, "moments");
        }),
      decode: (latents, signal) =>
        inCalls(latents, callOf(latents, 1), Uint8Array, async (part) => {
          const request = {
            model: name,
            latents: writeTensor(part, wireTypeOf(DataType.DATA_TYPE_FLOAT32, "latents"), true),
            statistics: undefined,
          };
          const { pixels } = await patiently(() => client.decode(request, { signal }), signal);
          return readPixels(pixels, "pixels");
        }),
    });
  } finally {
    channel.close();
  }
}

/** What a gateway says of an autoencoder. @throws DomainError RESOURCE_NOT_FOUND, SERVER_UNAVAILABLE, MODEL_INCOMPATIBLE (a denoiser) */
export async function autoencoderModel({ gateway, model: name }: RemoteCoderOptions): Promise<Model> {
  const channel = connectGateway(gateway);
  try {
    const { model } = await createClient(ModelServiceDefinition, channel).getModel({ name });
    factsOf(model!);
    return model!;
  } finally {
    channel.close();
  }
}

/** Absent fields of the architecture mean the defaults of the contract. */
function factsOf({ name, kind, network, weightsDigest }: Model): Omit<Coder, "encode" | "decode"> {
  const architecture = network?.architecture;
  if (kind !== ModelKind.MODEL_KIND_AUTOENCODER || architecture?.$case !== "klAutoencoder")
    throw new DomainError("MODEL_INCOMPATIBLE", `${name} is no autoencoder that tells its latents' shape`, {
      resource: name,
    });
  const { imgChannels, latentChannels, downscale } = architecture.value;
  return {
    imgChannels: imgChannels || 3,
    latentChannels: latentChannels || 4,
    downscale: downscale || 8,
    digest: weightsDigest,
  };
}

const sampleSize = ({ shape: [, ...extents] }: Samples<unknown>): number => extents.reduce((a, b) => a * b, 1);

/** A call for every `most` samples; the results together. */
async function inCalls<I extends Uint8Array | Float32Array, O extends Uint8Array | Float32Array>(
  samples: Samples<I>,
  most: number,
  Result: new (length: number) => O,
  call: (part: Samples<I>) => Promise<{ readonly shape: readonly number[]; readonly data: O }>,
): Promise<Samples<O>> {
  const [count, ...extents] = samples.shape;
  const size = sampleSize(samples);
  let result: { data: O; shape: readonly number[] } | undefined;
  for (let first = 0; first < count; first += most) {
    const part = Math.min(most, count - first);
    const data = samples.data.subarray(first * size, (first + part) * size) as I;
    const made = await call({ data, shape: [part, ...extents] });
    const madeSize = made.data.length / part;
    result ??= { data: new Result(count * madeSize), shape: made.shape.slice(1) };
    result.data.set(made.data, first * madeSize);
  }
  const { data, shape } = result!;
  return { data, shape: [count, ...(shape as [number, number, number])] };
}

/** Coding changes nothing: it is asked again of a gateway that comes back, and of servers that are busy. */
async function patiently<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (const began = performance.now(); ; ) {
    try {
      return await call();
    } catch (error) {
      const mayPass = error instanceof DomainError && ["SERVER_UNAVAILABLE", "QUEUE_FULL"].includes(error.reason);
      if (!mayPass || performance.now() - began > PATIENCE_MS) throw error;
      await sleep(PAUSE_MS, undefined, { signal });
    }
  }
}
