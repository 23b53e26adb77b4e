/** @file One DenoiseStream: opened once for a shape and labels, then one evaluation after another, answered in order. */
import type {
  DenoiseResult,
  DenoiserServiceDefinition,
  DenoiseSession,
  DenoiseSessionOpened,
  DenoiseStep,
  DenoiseStreamRequest,
  DenoiseStreamResponse,
} from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import type { Client, Metadata } from "@tandem/rpc";

type Pending = PromiseWithResolvers<DenoiseResult>;

/**
 * A session with a model server. After its first error every step fails with that error; the caller opens another session and
 * sends again what was not answered.
 */
export class Session {
  readonly #server: string;
  readonly #abort = new AbortController();
  readonly #opened = Promise.withResolvers<DenoiseSessionOpened>();
  /** Steps not sent yet; their promises are in `#pending` too, behind those of the steps that were. */
  readonly #unsent: DenoiseStep[] = [];
  readonly #pending: Pending[] = [];
  #maxInFlight = 1;
  #isHalfClosed = false;
  #failure: unknown;
  #wake = Promise.withResolvers<void>();
  readonly #ended: Promise<void>;

  private constructor(
    client: Client<DenoiserServiceDefinition>,
    server: string,
    open: DenoiseSession,
    metadata: Metadata | undefined,
  ) {
    this.#server = server;
    // Aborting before anything is awaited must not count as an unhandled rejection.
    this.#opened.promise.catch(() => undefined);
    this.#ended = this.#receive(
      client.denoiseStream(this.#requests(open), {
        signal: this.#abort.signal,
        ...(metadata && { metadata }),
      }),
    );
  }

  /**
   * Begins a session; the server's answer is awaited by `opened`.
   * @param server  name of the server, for errors
   */
  static open(
    client: Client<DenoiserServiceDefinition>,
    server: string,
    open: DenoiseSession,
    metadata?: Metadata,
  ): Session {
    return new Session(client, server, open, metadata);
  }

  /** What the server settled on. @throws the server's error */
  get opened(): Promise<DenoiseSessionOpened> {
    return this.#opened.promise;
  }

  /** True once nothing more can be asked. */
  get isOver(): boolean {
    return this.#isHalfClosed || this.#failure !== undefined;
  }

  /**
   * One evaluation. Several may be asked for at once; at most as many as the server allows are on their way.
   * @throws the error that ended the session; DomainError SERVER_UNAVAILABLE when it ended unanswered
   */
  step(step: DenoiseStep): Promise<DenoiseResult> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const pending = Promise.withResolvers<DenoiseResult>();
    this.#pending.push(pending);
    this.#unsent.push(step);
    this.#wake.resolve();
    return pending.promise;
  }

  /** Half-closes and waits for the end, which comes by force when the server does not answer in time; never throws. */
  async close(graceMs = 1_000): Promise<void> {
    this.#isHalfClosed = true;
    this.#wake.resolve();
    const timer = setTimeout(() => this.abort(new DOMException("the session is over", "AbortError")), graceMs);
    await this.#ended;
    clearTimeout(timer);
  }

  /** Ends the session at once: unanswered steps fail with the reason, and the server drops them. */
  abort(reason: unknown): void {
    this.#fail(reason);
    this.#abort.abort();
    this.#wake.resolve();
  }

  async *#requests(open: DenoiseSession): AsyncGenerator<DenoiseStreamRequest> {
    yield { message: { $case: "open", value: open } };
    // When opening fails, the call has already ended with that error.
    await this.#opened.promise.catch(() => undefined);
    while (this.#failure === undefined) {
      const isAllowed = this.#pending.length - this.#unsent.length < this.#maxInFlight;
      const step = isAllowed ? this.#unsent.shift() : undefined;
      if (step) yield { message: { $case: "step", value: step } };
      else if (this.#isHalfClosed && this.#unsent.length === 0) return;
      else {
        this.#wake = Promise.withResolvers();
        await this.#wake.promise;
      }
    }
  }

  async #receive(responses: AsyncIterable<DenoiseStreamResponse>): Promise<void> {
    try {
      for await (const { message } of responses) {
        if (message?.$case === "opened") {
          this.#maxInFlight = Math.max(1, message.value.maxInFlight);
          this.#opened.resolve(message.value);
        } else if (message?.$case === "result") {
          this.#pending.shift()?.resolve(message.value);
          this.#wake.resolve();
        }
      }
      this.#fail(
        new DomainError("SERVER_UNAVAILABLE", `${this.#server} ended the session with evaluations unanswered`, {
          metadata: { server: this.#server },
        }),
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The first failure counts; those after it are its consequences. */
  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#opened.reject(this.#failure);
    for (const pending of this.#pending.splice(0)) pending.reject(this.#failure);
    this.#unsent.length = 0;
    this.#wake.resolve();
  }
}
