/** @file A Denoiser whose network is on a model server, or on whichever of several has the same weights. */
import { allFinite, checkDenoiserInput, type Denoiser, type DenoiserInfo, type Tensor } from "@tandem/diffusion";
import { DomainError } from "@tandem/errors";
import type { Pool } from "../registry/pool.js";
import type { CallSettings } from "./call-settings.js";
import { Lane } from "./lane.js";

/** Sessions that are kept for later; a sampling loop needs one. */
const MAX_LANES = 4;

/**
 * D(x; sigma, labels) over one DenoiseStream per shape and labels, opened by the first evaluation and kept for the next. An
 * evaluation whose server is lost is sent again, the same bytes, to another holder of the same weights.
 */
export class RemoteDenoiser implements Denoiser {
  readonly info: DenoiserInfo;
  readonly #pool: Pool;
  readonly #settings: CallSettings;
  /** The one used last comes last. */
  #lanes: Lane[] = [];

  constructor(pool: Pool, settings: CallSettings) {
    const { model, digest, reference } = pool;
    this.#pool = pool;
    this.#settings = settings;
    this.info = {
      name: reference,
      sampleShape: model.sampleShape,
      labelDim: model.labelDim,
      maxBatchSize: model.maxBatchSize,
      weightsDigests: { [reference]: digest },
    };
  }

  async denoise(x: Tensor, sigma: Float32Array, labels?: Tensor, signal?: AbortSignal): Promise<Tensor> {
    signal?.throwIfAborted();
    checkDenoiserInput(this.info, x, sigma, labels);
    const lane = this.#lane(x.shape, this.info.labelDim > 0 ? labels : undefined);
    const { wireType } = this.#settings;
    const answer = await lane.evaluate(wireType.encode(x.data), [...sigma], signal);
    return { shape: x.shape, data: this.#checkResult(wireType.decode(answer), x.data.length) };
  }

  /** Ends the sessions; the denoiser may be used again and then opens others. */
  async close(): Promise<void> {
    const lanes = this.#lanes;
    this.#lanes = [];
    await Promise.all(lanes.map((lane) => lane.close()));
  }

  #lane(shape: readonly number[], labels: Tensor | undefined): Lane {
    const found = this.#lanes.find((lane) => lane.fits(shape, labels));
    const lane = found ?? new Lane(this.#pool, shape, labels, this.#settings);
    this.#lanes = [...this.#lanes.filter((other) => other !== lane), lane];
    if (this.#lanes.length > MAX_LANES) void this.#lanes.shift()?.close(); // it still answers what is pending
    return lane;
  }

  /** A backend in any language may answer anything. */
  #checkResult(denoised: Float32Array, length: number): Float32Array {
    const { name } = this.info;
    if (denoised.length !== length)
      throw new DomainError("SHAPE_MISMATCH", `${name} answered ${denoised.length} values to ${length}`, {
        resource: name,
        metadata: { expected: length, actual: denoised.length },
      });
    if (allFinite(denoised)) return denoised;
    throw new DomainError("NOT_FINITE", `${name} returned NaN or infinity`, {
      resource: name,
      metadata: { model: name },
    });
  }
}
