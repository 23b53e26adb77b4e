/** @file One half of an autoencoder as it computes: whole images where they fit, tiles where they do not, a few samples at a time. */
import type { EvaluationTiming, Evaluator } from "@tandem/runtime";
import type { Extents } from "./graphs.js";
import type { SizedSessions } from "./sessions.js";
import { axisTiles, blend, crop, type Tiling } from "./tiles.js";

/** Whom the work is for, and when it ends before its time. */
export interface CodingOptions {
  readonly signal?: AbortSignal | undefined;
  readonly client?: string;
}

/** A result, and where its time went. */
export interface Computed {
  readonly data: Float32Array;
  readonly timing: EvaluationTiming;
}

/** What a half takes and gives. */
export interface HalfPlan {
  /** Places along an axis of input and output that one latent stands for. */
  readonly inputScale: number;
  readonly outputScale: number;
  readonly outputChannels: number;
  readonly tiling: Tiling;
}

/** Encoder or decoder. */
export class Half {
  constructor(
    private readonly sessions: SizedSessions,
    private readonly plan: HalfPlan,
  ) {}

  /**
   * Computes [N,C,H,W] -> [N,C',H',W'].
   * @param latents extents of the latents of the whole image
   */
  async run(
    input: Float32Array,
    [count, , height, width]: readonly [number, number, number, number],
    latents: Extents,
    options: CodingOptions,
  ): Promise<Computed> {
    const { inputScale, outputScale, outputChannels, tiling } = this.plan;
    const [rows, columns] = [axisTiles(latents[0], tiling, outputScale), axisTiles(latents[1], tiling, outputScale)];
    if (rows.length === 1 && columns.length === 1)
      return this.sessions.use([height, width], (evaluator) => inBatches(evaluator, input, count, options));
    const extents = [latents[0] * outputScale, latents[1] * outputScale] as const;
    const data = new Float32Array(count * outputChannels * extents[0] * extents[1]);
    const timing = { queueMs: 0, computeMs: 0 };
    for (const row of rows)
      for (const column of columns) {
        const [top, left, ...size] = [row.start, column.start, row.extent, column.extent].map(
          (n) => n * inputScale,
        ) as [number, number, number, number];
        const tile = crop(input, [height, width], { top, left, height: size[0], width: size[1] });
        const part = await this.sessions.use(size, (evaluator) => inBatches(evaluator, tile, count, options));
        blend(
          data,
          extents,
          part.data,
          [row.shares, column.shares],
          [row.start * outputScale, column.start * outputScale],
        );
        timing.queueMs += part.timing.queueMs;
        timing.computeMs += part.timing.computeMs;
      }
    return { data, timing };
  }
}

/** Samples in as many evaluations as the session's largest batch makes necessary, one after the other. */
async function inBatches(
  evaluator: Evaluator,
  input: Float32Array,
  count: number,
  options: CodingOptions,
): Promise<Computed> {
  const [{ name }, { name: output }] = [evaluator.inputs[0]!, evaluator.outputs[0]!];
  const each = input.length / count;
  const timing = { queueMs: 0, computeMs: 0 };
  const parts: Float32Array[] = [];
  for (let from = 0; from < count; from += evaluator.maxBatchSize) {
    const samples = Math.min(evaluator.maxBatchSize, count - from);
    const inputs = { [name]: input.subarray(from * each, (from + samples) * each) };
    const result = await evaluator.evaluate({ count: samples, inputs, ...options });
    parts.push(result.outputs[output]!);
    timing.queueMs += result.timing.queueMs;
    timing.computeMs += result.timing.computeMs;
  }
  return { data: joined(parts), timing };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0]!;
  const data = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    data.set(part, offset);
    offset += part.length;
  }
  return data;
}
