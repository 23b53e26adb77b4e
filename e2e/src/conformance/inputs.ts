/** @file Requests that every denoiser takes, and comparisons of what comes back. */
import {
  DataType,
  type DenoiseRequest,
  type FloatTensor,
  readTensor,
  type WireType,
  wireTypes,
  writeTensor,
} from "@tandem/contracts";
import { createGenerator, sizeOf } from "@tandem/diffusion";
import { expects } from "./check.js";
import type { Context } from "./context.js";
import type { Draft } from "./draft.js";

export const float32 = wireTypes[0]!;

/** Most that two evaluations of the same samples in batches of different size may differ, of the largest value. */
export const ROUNDING = 1e-5;

/** Noise levels of a batch, spread over the range in which networks are used. */
export const levels = (count: number) => Array.from({ length: count }, (_, n) => Math.fround(0.05 * 7 ** n));

/** Pure noise at the levels given, the same on every run: [N, ...sampleShape]. */
export function noisy({ model: { sampleShape } }: Context, sigmas: readonly number[]): FloatTensor {
  const size = sizeOf(sampleShape);
  const data = createGenerator("torch-cpu", 7).normal(sigmas.length * size);
  return {
    shape: [sigmas.length, ...sampleShape],
    data: data.map((value, i) => value * sigmas[Math.floor(i / size)]!),
  };
}

/** A request that is right in every field; labels absent. */
export function request(context: Context, sigma: number[] = levels(2)): Draft<typeof DenoiseRequest> & Asked {
  return { model: context.model.name, x: writeTensor(noisy(context, sigma), float32), sigma };
}

/** The fields that `request` fills in. */
export interface Asked {
  model: string;
  x: ReturnType<typeof writeTensor>;
  sigma: number[];
}

/** Denoises; the result has the shape and type asked for. */
export async function denoise(context: Context, asked: Draft<typeof DenoiseRequest> & Asked): Promise<FloatTensor> {
  const { denoised } = await context.denoiser.denoise(asked);
  const result = readTensor(denoised, "denoised");
  expects(result.shape.join() === asked.x.shape.join(), `denoised is [${result.shape}], x was [${asked.x.shape}]`);
  const type = asked.outputType || asked.x.dataType;
  expects(result.wireType.dataType === type, `denoised is ${result.wireType.name}, not ${DataType[type!]}`);
  expects(result.data.every(Number.isFinite), "denoised holds values that are not finite");
  return result;
}

/** Samples of a batch, [count, ...sampleShape] from `first` on. */
export function samples({ shape, data }: FloatTensor, first: number, count = 1): FloatTensor {
  const size = data.length / shape[0]!;
  return { shape: [count, ...shape.slice(1)], data: data.slice(first * size, (first + count) * size) };
}

/** @throws Error unless the values are equal bit for bit */
export function same(ours: FloatTensor, theirs: FloatTensor, what: string): void {
  const different = ours.data.findIndex((value, i) => !Object.is(value, theirs.data[i]));
  const isSame = ours.data.length === theirs.data.length && different === -1;
  expects(isSame, `${what}: ${ours.data[different]} is not ${theirs.data[different]}`);
}

/** @throws Error unless the values differ by at most `tolerance` of the largest */
export function close(ours: FloatTensor, theirs: FloatTensor, tolerance: number, what: string): void {
  expects(ours.data.length === theirs.data.length, `${what}: ${ours.data.length} values, not ${theirs.data.length}`);
  const largest = theirs.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const error = ours.data.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs.data[i]!)), 0);
  expects(
    error <= tolerance * largest,
    `${what}: differs by ${error / largest} of the largest value; ${tolerance} is allowed`,
  );
}

/** Wire types of the model that the contract can carry for samples. */
export const served = ({ model }: Context): WireType[] =>
  wireTypes.filter(({ dataType }) => model.wireTypes.includes(dataType));
