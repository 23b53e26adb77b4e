/** @file A session and the server that it is on: bounded in time, measured, ended when the server is lost. */
import { type DenoiseResult, type Labels, toMilliseconds } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import type { DeadlinePolicy } from "../config.js";
import type { Holder } from "../registry/registry.js";
import type { CallSettings } from "./call-settings.js";
import { Session } from "./session.js";
import { stepDeadlineMs } from "./step-deadline.js";

/** What a session is opened for. */
export interface SessionUse {
  /** Digest that the server must serve. */
  readonly digest: string;
  /** [N, ...sampleShape]. */
  readonly shape: readonly number[];
  readonly labels: Labels | undefined;
}

/** Evaluations of one model on one server. */
export class ServerSession {
  readonly holder: Holder;
  readonly #policy: DeadlinePolicy;
  readonly #batchSize: number;
  readonly #session: Session;
  readonly #ready: Promise<void>;
  readonly #release: () => void;

  constructor(holder: Holder, use: SessionUse, { wireType, deadlines, metadata }: CallSettings) {
    const { server, model } = holder;
    this.holder = holder;
    this.#policy = deadlines;
    this.#batchSize = use.shape[0] ?? 0;
    this.#session = Session.open(
      server.denoiser,
      server.name,
      {
        model: model.name,
        shape: [...use.shape],
        dataType: wireType.dataType,
        labels: use.labels,
        checksum: false,
      },
      metadata,
    );
    server.assigned++;
    const unsubscribe = server.onLost((error) => this.#session.abort(error));
    this.#release = onlyOnce(() => {
      server.assigned--;
      unsubscribe();
    });
    this.#ready = this.#session.opened.then((opened) => refuseOther(holder, use.digest, opened.weightsDigest));
    this.#ready.catch((error: unknown) => this.abort(error));
  }

  /** False once it failed or was closed. */
  get isUsable(): boolean {
    return !this.#session.isOver;
  }

  /**
   * One evaluation.
   * @param x  bytes of the noisy samples in the session's element type
   * @throws DomainError SERVER_UNAVAILABLE when the server is lost or does not answer in time; the server's own errors
   */
  async evaluate(x: Uint8Array, sigma: readonly number[]): Promise<DenoiseResult> {
    const { server, model } = this.holder;
    const deadlineMs = stepDeadlineMs(this.#policy, server.latencies, model.name, this.#batchSize);
    const timer = setTimeout(() => this.abort(this.#late(deadlineMs)), deadlineMs);
    server.inFlight++;
    try {
      await this.#ready;
      const sent = performance.now();
      const result = await this.#session.step({ x, sigma: [...sigma], crc32c: undefined });
      server.latencies.record({
        model: model.name,
        batchSize: this.#batchSize,
        sigma: sigma[0] ?? 0,
        totalMs: performance.now() - sent,
        queueMs: toMilliseconds(result.timing?.queue),
        computeMs: toMilliseconds(result.timing?.compute),
      });
      return result;
    } finally {
      server.inFlight--;
      clearTimeout(timer);
    }
  }

  /** Ends it at once; unanswered evaluations fail with the reason. */
  abort(reason: unknown): void {
    this.#release();
    this.#session.abort(reason);
  }

  /** Ends it after what is pending. */
  async close(): Promise<void> {
    this.#release();
    await this.#session.close();
  }

  #late(deadlineMs: number): DomainError {
    const { server, model } = this.holder;
    const seconds = (deadlineMs / 1000).toFixed(1);
    return new DomainError(
      "SERVER_UNAVAILABLE",
      `server ${server.name} did not answer an evaluation of ${model.name} within ${seconds} s`,
      { metadata: { server: `servers/${server.name}` } },
    );
  }
}

/** Weights may have been exchanged under the name since the server was asked for its models. */
function refuseOther({ server, model }: Holder, wanted: string, served: string): void {
  if (served === wanted || wanted === "") return;
  throw new DomainError(
    "MODEL_NOT_READY",
    `${model.name} on server ${server.name} has other weights now: ${served} instead of ${wanted}`,
    { resource: model.name },
  );
}

function onlyOnce(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) act();
    isDone = true;
  };
}
