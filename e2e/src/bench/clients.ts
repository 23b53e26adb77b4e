/** @file Requests as the benchmarks send them to a model server. */
import {
  DataType,
  DenoiserServiceDefinition,
  type Labels,
  SamplerServiceDefinition,
  type SamplingSpec,
  type Tensor,
} from "@tandem/contracts";
import { type Channel, createClient } from "@tandem/rpc";
import type { Batch } from "./networks.js";

export const tensor = (shape: readonly number[], data: Float32Array): Tensor => ({
  dataType: DataType.DATA_TYPE_FLOAT32,
  shape: [...shape],
  data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  crc32c: undefined,
});

export const classes = (values: readonly number[]): Labels => ({
  kind: { $case: "indices", value: { values: [...values] } },
});

/** One Denoise call. */
export function denoiseCall(channel: Channel, model: string) {
  const client = createClient(DenoiserServiceDefinition, channel);
  return (batch: Batch) =>
    client.denoise({
      model,
      x: tensor(batch.shape, batch.x),
      sigma: [...batch.sigma],
      labels: classes(batch.classes),
    });
}

export const schedule = (numSteps: number) => ({ numSteps, sigmaMin: 0, sigmaMax: 0, rho: 0, sigmas: [] });

/** One Sample call, to its end. */
export async function sampleCall(channel: Channel, sampling: Partial<SamplingSpec>, seeds: readonly number[]) {
  const client = createClient(SamplerServiceDefinition, channel);
  for await (const { event } of client.sample({ sampling, seeds: seeds.map(BigInt) }))
    if (event?.$case === "result") return event.value;
  throw new Error("Sample ended without a result");
}
