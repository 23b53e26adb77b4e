/** @file Evaluations of one shape with one set of labels: on one server as long as it lasts, then on the next. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Labels, writeLabels } from "@tandem/contracts";
import type { Tensor } from "@tandem/diffusion";
import { DomainError, type Reason } from "@tandem/errors";
import type { ModelServer } from "../registry/model-server.js";
import type { Pool } from "../registry/pool.js";
import type { CallSettings } from "./call-settings.js";
import { ServerSession } from "./server-session.js";

/** Errors that say nothing about the request: another holder may well answer. */
const ELSEWHERE: ReadonlySet<Reason> = new Set<Reason>([
  "SERVER_UNAVAILABLE",
  "MODEL_NOT_READY",
  "RESOURCE_NOT_FOUND",
  "OUT_OF_MEMORY",
  "QUEUE_FULL",
  "CHECKSUM_MISMATCH",
]);
/** Pause before a full queue is tried again, when its server names none. */
const BUSY_PAUSE_MS = 200;

/** Sends evaluations to the holders of a model, one at a time as far as sessions are concerned. */
export class Lane {
  readonly #pool: Pool;
  readonly #shape: readonly number[];
  /** Label rows, copied: the caller may change its own. */
  readonly #rows: Uint8Array | undefined;
  readonly #labels: Labels | undefined;
  readonly #settings: CallSettings;
  #session: ServerSession | undefined;

  constructor(pool: Pool, shape: readonly number[], labels: Tensor | undefined, settings: CallSettings) {
    this.#pool = pool;
    this.#shape = [...shape];
    this.#rows = labels && Uint8Array.from(bytesOf(labels));
    this.#labels = labels && writeLabels(labels);
    this.#settings = settings;
  }

  /** True when evaluations of this shape and these labels can go here. */
  fits(shape: readonly number[], labels: Tensor | undefined): boolean {
    if (String(shape) !== String(this.#shape)) return false;
    if (!labels || !this.#rows) return !labels && !this.#rows;
    return Buffer.compare(bytesOf(labels), this.#rows) === 0;
  }

  /**
   * Tries one holder after the other; each at most once, but a full queue is waited for.
   * @param x  bytes of the noisy samples
   * @returns bytes of the denoised samples
   * @throws DomainError SERVER_UNAVAILABLE naming the server, when nobody is left; the signal's reason
   */
  async evaluate(x: Uint8Array, sigma: readonly number[], signal: AbortSignal | undefined): Promise<Uint8Array> {
    const tried = new Set<ModelServer>();
    let last: DomainError | undefined;
    for (;;) {
      const session = this.#choose(tried);
      if (!session && last?.reason === "QUEUE_FULL") {
        await sleep(last.details.retryAfterMs ?? BUSY_PAUSE_MS, undefined, { signal }).catch(() => undefined);
        signal?.throwIfAborted();
        tried.clear();
        continue;
      }
      if (!session) throw last ?? this.#pool.unavailable();
      try {
        return await evaluateUntil(session, x, sigma, signal);
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof Abandoned) continue;
        session.abort(error);
        if (!(error instanceof DomainError && ELSEWHERE.has(error.reason))) throw error;
        last = naming(error, session.holder.server);
        void session.holder.server.refresh(); // what was known of it no longer holds
        tried.add(session.holder.server);
      }
    }
  }

  /** Ends the session after what is pending. */
  async close(): Promise<void> {
    await this.#session?.close();
  }

  #choose(tried: ReadonlySet<ModelServer>): ServerSession | undefined {
    if (this.#session?.isUsable && !tried.has(this.#session.holder.server)) return this.#session;
    const [count = 0] = this.#shape;
    const holder = this.#pool
      .holders()
      .find(
        ({ server, model }) =>
          !tried.has(server) &&
          model.maxBatchSize >= count &&
          model.wireTypes.includes(this.#settings.wireType.dataType),
      );
    if (!holder) return undefined;
    const use = { digest: this.#pool.digest, shape: this.#shape, labels: this.#labels };
    this.#session = new ServerSession(holder, use, this.#settings);
    return this.#session;
  }
}

/** The session was ended for another evaluation's sake. */
class Abandoned extends Error {}

/** Aborting ends the session, so that its server drops the work; whoever shares it begins another. */
async function evaluateUntil(
  session: ServerSession,
  x: Uint8Array,
  sigma: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const stop = () => session.abort(new Abandoned("an evaluation of this session was aborted"));
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return (await session.evaluate(x, sigma)).denoised;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

function naming(error: DomainError, server: ModelServer): DomainError {
  if (error.reason !== "SERVER_UNAVAILABLE") return error;
  const message = error.message.includes(server.name) ? error.message : `server ${server.name}: ${error.message}`;
  const metadata = { ...error.details.metadata, server: `servers/${server.name}` };
  return new DomainError(error.reason, message, { ...error.details, metadata, cause: error });
}

function bytesOf({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
