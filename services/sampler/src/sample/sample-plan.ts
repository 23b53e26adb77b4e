/** @file SampleRequest, checked against the models it names and turned into a plan. */
import {
  checkFinite,
  DataType,
  type FloatTensor,
  readGenerator,
  readLabels,
  readSampling,
  readSeeds,
  readTensor,
  type SampleRequest,
  type SamplingPlan,
  type TermPlan,
  type WireType,
  wireTypeOf,
  wireTypes,
} from "@tandem/contracts";
import { type GeneratorName, noiseLevels } from "@tandem/diffusion";
import { DomainError, invalid } from "@tandem/errors";
import { checkBatch, checkCount } from "../denoise/denoise-plan.js";
import type { LoadedModel } from "../models/loaded-model.js";
import { checkModelName } from "../models/model-name.js";
import type { ModelStore } from "../models/model-store.js";
import { sameEncoding } from "../models/same-encoding.js";

/** A guiding term with its model in memory. */
export type GuidingTerm = Omit<TermPlan, "model"> & { readonly model: LoadedModel };

/** A whole run, ready to start. */
export interface SamplePlan extends Pick<SamplingPlan, "solver" | "churn"> {
  readonly main: LoadedModel;
  /** Terms that act: those of weight 1 are left out. */
  readonly terms: readonly GuidingTerm[];
  /** N + 1 noise levels, the last 0. */
  readonly levels: Float64Array;
  readonly seeds: readonly bigint[];
  readonly generator: GeneratorName;
  /** Given label rows [N, labelDim]; undefined means drawn, or none. */
  readonly labels: FloatTensor | undefined;
  /** State at the first level, instead of drawn noise. */
  readonly start: FloatTensor | undefined;
  readonly outputType: WireType;
  /** Send the denoised estimate every so many steps; 0 is never. */
  readonly previewEvery: number;
  readonly withTrajectory: boolean;
}

/** @throws DomainError with the field at fault, as Sample of the contract lists them */
export function toSamplePlan(request: SampleRequest, models: ModelStore): SamplePlan {
  const { solver, churn, schedule, ...sampling } = readSampling(request.sampling);
  const main = models.ready(checkModelName(sampling.model, "sampling.model"));
  const terms = sampling.guidance.flatMap((term, k) => toTerm(term, k, main, models) ?? []);
  const seeds = readSeeds(request.seeds);
  const max = Math.min(...[main, ...terms.map(({ model }) => model)].map(({ evaluator }) => evaluator.maxBatchSize));
  checkCount(seeds.length, max, "seeds");
  return {
    main,
    terms,
    levels: noiseLevels(schedule),
    solver,
    churn,
    seeds,
    generator: readGenerator(request.generator),
    labels: readLabels(request.labels, { count: seeds.length, labelDim: main.facts.labelDim }),
    start: request.start && readStart(request.start, main, seeds.length),
    outputType: wireTypeOf(request.outputType, "output_type", wireTypes[0]),
    previewEvery: request.previewEvery,
    withTrajectory: request.trajectory,
  };
}

/** The term; undefined when it is off: its model is not called, and so need not be here. */
function toTerm(term: TermPlan, k: number, main: LoadedModel, models: ModelStore): GuidingTerm | undefined {
  const field = `sampling.guidance[${k}].model`;
  const name = checkModelName(term.model, field);
  if (term.weight === 1) return undefined;
  const model = models.ready(name);
  if (model === main && term.labels === "same")
    throw invalid(field, term.model, "another model than the main one, or have labels LABEL_USE_NONE");
  checkCompatible(model, main, field);
  return { ...term, model };
}

function checkCompatible(guide: LoadedModel, main: LoadedModel, field: string): void {
  const differ = (name: string, theirs: unknown, ours: unknown) => {
    const message = `${guide.name} has ${name} ${theirs}, ${main.name} ${ours}; they cannot be combined`;
    const metadata = { model: guide.name, field: name };
    return new DomainError("MODEL_INCOMPATIBLE", message, { field, resource: guide.name, metadata });
  };
  const [theirs, ours] = [guide.facts, main.facts];
  if (theirs.sampleShape.join() !== ours.sampleShape.join())
    throw differ("sample_shape", `[${theirs.sampleShape}]`, `[${ours.sampleShape}]`);
  if (theirs.labelDim !== 0 && theirs.labelDim !== ours.labelDim)
    throw differ("label_dim", theirs.labelDim, ours.labelDim);
  if (!sameEncoding(theirs.encoding, ours.encoding))
    throw differ("encoding", `of ${theirs.encoding?.kind} samples`, `another, of ${ours.encoding?.kind} samples`);
}

function readStart(message: NonNullable<SampleRequest["start"]>, main: LoadedModel, count: number): FloatTensor {
  if (message.dataType !== DataType.DATA_TYPE_FLOAT32)
    throw new DomainError("DATA_TYPE_UNSUPPORTED", "start.data_type must be DATA_TYPE_FLOAT32", {
      field: "start.data_type",
      metadata: { supported: "DATA_TYPE_FLOAT32" },
    });
  const { shape, data } = readTensor(message, "start");
  const given = checkBatch(shape, main, "start.shape");
  if (given !== count) {
    const expected = `[${[count, ...main.facts.sampleShape].join(", ")}]`;
    const actual = `[${shape.join(", ")}]`;
    throw new DomainError("SHAPE_MISMATCH", `start.shape is ${actual}; with ${count} seeds it must be ${expected}`, {
      field: "start.shape",
      metadata: { expected, actual },
    });
  }
  checkFinite(data, "start.data");
  return { shape, data };
}
