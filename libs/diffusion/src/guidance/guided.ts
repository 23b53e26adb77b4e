/** @file Guidance: a denoiser pushed away from others. Where each of them runs is not known here. */
import { DomainError } from "@tandem/errors";
import type { Denoiser, DenoiserInfo } from "../denoiser.js";
import { checkDenoiserInput } from "../denoiser-input.js";
import { allFinite } from "../finite.js";
import { sizeOf, type Tensor } from "../tensor.js";
import { combine, type Pull } from "./combine.js";
import { inParallel } from "./parallel.js";
import { pickRows } from "./rows.js";
import { checkTerm, type GuidanceTerm, isActive } from "./term.js";

/**
 * The denoiser D = D_0 + sum over the terms active at sigma, in order, of (w_k - 1) (D_0 - D_k).
 *
 * All models of an evaluation are called at once; when one fails the others are aborted. Activity is decided per sample: a
 * guiding model sees only the samples that it acts on, and is not called when there are none. Samples on which no term acts
 * are exactly D_0; with no term that could act, the result is `main` itself.
 * @param main  D_0
 * @param terms guiding terms; their sample shape is the main model's, their label_dim the main model's or 0
 * @throws DomainError FIELD_INVALID for a weight or interval, MODEL_INCOMPATIBLE naming model and field; later, from
 *   `denoise`, what the models throw, naming the model, and NOT_FINITE when the combination overflows
 * @see arXiv 2406.02507, eq. 3 (autoguidance); arXiv 2404.07724 (interval)
 */
export function guided(main: Denoiser, terms: readonly GuidanceTerm[]): Denoiser {
  terms.forEach((term, index) => {
    checkTerm(term, index);
    checkCompatible(main.info, term.denoiser.info, index);
  });
  const acting = terms.filter((term) => term.weight !== 1);
  return acting.length === 0 ? main : new GuidedDenoiser(main, acting);
}

class GuidedDenoiser implements Denoiser {
  readonly info: DenoiserInfo;

  constructor(
    private readonly main: Denoiser,
    private readonly terms: readonly GuidanceTerm[],
  ) {
    const infos = [main.info, ...terms.map((term) => term.denoiser.info)];
    this.info = {
      ...main.info,
      name: `${main.info.name} guided by ${infos
        .slice(1)
        .map((info) => info.name)
        .join(", ")}`,
      maxBatchSize: Math.min(...infos.map((info) => info.maxBatchSize)),
      weightsDigests: Object.assign({}, ...infos.map((info) => info.weightsDigests)),
    };
  }

  networksAt(sigma: number): number {
    const acting = this.terms.filter((term) => isActive(term, sigma));
    return [this.main, ...acting.map((term) => term.denoiser)].reduce(
      (sum, denoiser) => sum + (denoiser.networksAt?.(sigma) ?? 1),
      0,
    );
  }

  async denoise(x: Tensor, sigma: Float32Array, labels?: Tensor, signal?: AbortSignal): Promise<Tensor> {
    checkDenoiserInput(this.info, x, sigma, labels);
    const calls = this.terms.map((term) => ({ term, samples: activeSamples(term, sigma) }));
    const active = calls.filter(({ samples }) => samples.length > 0);
    const evaluations = [
      { name: this.main.info.name, run: (linked: AbortSignal) => this.main.denoise(x, sigma, labels, linked) },
      ...active.map(({ term, samples }) => ({
        name: term.denoiser.info.name,
        run: (linked: AbortSignal) => evaluateTerm(term, samples, { x, sigma, labels }, linked),
      })),
    ];
    const [denoised, ...guides] = (await inParallel(evaluations, signal)) as [Tensor, ...Tensor[]];
    if (active.length === 0) return denoised;
    return this.combineBatch(
      denoised,
      active.map(({ term, samples }, k) => ({ weight: term.weight, samples, guide: guides[k]! })),
    );
  }

  /** Combines sample by sample: each has its own set of active terms. */
  private combineBatch(main: Tensor, active: readonly { weight: number; samples: number[]; guide: Tensor }[]): Tensor {
    const size = sizeOf(this.info.sampleShape);
    const sampleOf = (data: Float32Array, n: number) => data.subarray(n * size, (n + 1) * size);
    const data = new Float32Array(main.data.length);
    for (let n = 0; n < main.shape[0]!; n++) {
      const pulls: Pull[] = active
        .filter(({ samples }) => samples.includes(n))
        .map(({ weight, samples, guide }) => ({ weight, denoised: sampleOf(guide.data, samples.indexOf(n)) }));
      if (pulls.length === 0) sampleOf(data, n).set(sampleOf(main.data, n));
      else combine(sampleOf(main.data, n), pulls, sampleOf(data, n));
    }
    if (!allFinite(data)) {
      throw new DomainError(
        "NOT_FINITE",
        `${this.info.name}: the guided combination overflows float32; lower the weight`,
        {
          metadata: { model: this.info.name },
        },
      );
    }
    return { shape: main.shape, data };
  }
}

function activeSamples(term: GuidanceTerm, sigma: Float32Array): number[] {
  return [...sigma.keys()].filter((n) => isActive(term, sigma[n]!));
}

function evaluateTerm(
  term: GuidanceTerm,
  samples: number[],
  batch: { x: Tensor; sigma: Float32Array; labels: Tensor | undefined },
  signal: AbortSignal,
): Promise<Tensor> {
  const seesLabels = term.labels !== "none" && term.denoiser.info.labelDim > 0 && batch.labels !== undefined;
  const labels = seesLabels ? pickRows(batch.labels!, samples) : undefined;
  const sigma = Float32Array.from(samples, (n) => batch.sigma[n]!);
  return term.denoiser.denoise(pickRows(batch.x, samples), sigma, labels, signal);
}

function checkCompatible(main: DenoiserInfo, guide: DenoiserInfo, index: number): void {
  const refuse = (field: string, fact: string) =>
    new DomainError("MODEL_INCOMPATIBLE", `${guide.name} cannot guide ${main.name}: ${fact}`, {
      field: `sampling.guidance[${index}].model`,
      resource: guide.name,
      metadata: { model: guide.name, field },
    });
  if (guide.sampleShape.join() !== main.sampleShape.join()) {
    throw refuse("sample_shape", `its samples are [${guide.sampleShape}], not [${main.sampleShape}]`);
  }
  if (guide.labelDim !== 0 && guide.labelDim !== main.labelDim) {
    throw refuse("label_dim", `its label_dim is ${guide.labelDim}; it must be ${main.labelDim} or 0`);
  }
}
