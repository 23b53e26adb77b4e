/** @file A sampling plan with its models found: what is to be evaluated, and by whom it can be. */
import type { SamplingPlan, TermPlan } from "@tandem/contracts";
import { countEvaluations, type Denoiser, guided, noiseLevels } from "@tandem/diffusion";
import { DomainError } from "@tandem/errors";
import type { CallSettings } from "../denoise/call-settings.js";
import { RemoteDenoiser } from "../denoise/remote-denoiser.js";
import type { ModelServer } from "../registry/model-server.js";
import type { Pool } from "../registry/pool.js";
import type { StepObserver } from "./step-facts.js";

/** A guiding term that has work to do (its weight is not 1), and who can do it. */
export interface GuidingPool {
  readonly pool: Pool;
  readonly term: TermPlan;
}

/** Denoisers of one batch, and the end of their sessions. */
export interface OpenDenoisers extends AsyncDisposable {
  readonly denoiser: Denoiser;
}

/** Models that can be sampled from together. */
export class Composition {
  /** N + 1 noise levels, the last 0. */
  readonly levels: Float64Array;

  /**
   * @param parent  path of the message that has the spec, with its dot ("spec."), for errors
   * @throws DomainError MODEL_INCOMPATIBLE, FIELD_INVALID
   */
  constructor(
    readonly plan: SamplingPlan,
    readonly main: Pool,
    readonly guides: readonly GuidingPool[],
    parent: string,
    readonly stepObservers: readonly StepObserver[],
  ) {
    for (const { pool } of guides) checkEncoding(main, pool);
    this.levels = below(parent, () => noiseLevels(plan.schedule));
    // Shapes and labels are guidance's own to check; it does so when it is put together.
    below(parent, () =>
      guided(
        infoOf(main),
        this.#terms((pool) => infoOf(pool)),
      ),
    );
  }

  /** Every pool that has work to do, the main model's first. */
  get pools(): readonly Pool[] {
    return [this.main, ...this.guides.map(({ pool }) => pool)];
  }

  /** Turns a model as the plan names it into another name of its pool; a model that is not called keeps its own. */
  namesBy(nameOf: (pool: Pool) => string): (model: string) => string {
    const names = new Map([[this.plan.model, nameOf(this.main)]]);
    for (const { pool, term } of this.guides) names.set(term.model, nameOf(pool));
    return (model) => names.get(model) ?? model;
  }

  /** Most samples in one batch. */
  get maxBatchSize(): number {
    return Math.min(...this.pools.map(({ model }) => model.maxBatchSize));
  }

  /** Network evaluations per sample, over all models. */
  get evaluations(): number {
    return countEvaluations(
      { ...this.plan, levels: this.levels },
      this.#terms((pool) => infoOf(pool)),
    );
  }

  /** Servers that can run the whole loop and that the request does not speak against, least loaded first. */
  homes(service: { fullName: string }): ModelServer[] {
    const [first = [], ...rest] = this.pools.map((pool) => pool.homes().map(({ server }) => server));
    return first
      .filter((server) => server.serves(service) && rest.every((servers) => servers.includes(server)))
      .sort((a, b) => a.assigned + a.inFlight - (b.assigned + b.inFlight));
  }

  /** One denoiser over the servers; dispose it after the batch. */
  open(calls: CallSettings): OpenDenoisers {
    const opened: RemoteDenoiser[] = [];
    const open = (pool: Pool) => {
      const denoiser = new RemoteDenoiser(pool, calls);
      opened.push(denoiser);
      return denoiser;
    };
    const denoiser = guided(open(this.main), this.#terms(open));
    return {
      denoiser,
      [Symbol.asyncDispose]: async () => {
        await Promise.all(opened.map((remote) => remote.close()));
      },
    };
  }

  #terms(denoiserOf: (pool: Pool) => Denoiser) {
    return this.guides.map(({ pool, term }) => ({ ...term, denoiser: denoiserOf(pool) }));
  }
}

/** Samples of one can be noise levels of the other only when both are pixels, or latents of the same kind. */
function checkEncoding(main: Pool, guide: Pool): void {
  const [one, other] = [main.model.encoding?.kind?.$case, guide.model.encoding?.kind?.$case];
  if (!one || !other || one === other) return;
  throw new DomainError(
    "MODEL_INCOMPATIBLE",
    `${guide.reference} cannot guide ${main.reference}: its samples are ${other}, not ${one}`,
    { resource: guide.reference, metadata: { model: guide.reference, field: "encoding" } },
  );
}

/** A denoiser to be looked at, not called. */
function infoOf({ reference, model }: Pool): Denoiser {
  const { sampleShape, labelDim, maxBatchSize } = model;
  return {
    info: { name: reference, sampleShape, labelDim, maxBatchSize, weightsDigests: {} },
    denoise: () => Promise.reject(new Error(`${reference} is not open`)),
  };
}

/** The sampling library names fields from `sampling` on; the request's path may begin further out. */
export function below<T>(parent: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const field = error instanceof DomainError ? error.details.field : undefined;
    if (!(error instanceof DomainError) || field === undefined || parent === "") throw error;
    const message = error.message.startsWith(field) ? parent + error.message : error.message;
    throw new DomainError(error.reason, message, { ...error.details, field: parent + field });
  }
}
