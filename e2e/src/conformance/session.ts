/** @file The client's side of a DenoiseStream, with nothing checked that the server should check. */
import {
  type DenoiseResult,
  type DenoiserServiceDefinition,
  DenoiseSession,
  type DenoiseSessionOpened,
  DenoiseStep,
  DenoiseStreamRequest,
  type DenoiseStreamResponse,
} from "@tandem/contracts";
import type { Client } from "@tandem/rpc";
import type { Draft } from "./draft.js";

type Request = Draft<typeof DenoiseStreamRequest>;

/** A stream of which a check holds both ends: what it sends, and what comes back. */
export class Session {
  readonly #requests: Request[] = [];
  #wake = Promise.withResolvers<void>();
  #ended = false;
  readonly #responses: AsyncIterator<DenoiseStreamResponse>;

  constructor(denoiser: Client<typeof DenoiserServiceDefinition>, signal?: AbortSignal) {
    this.#responses = denoiser.denoiseStream(this.#outgoing(), signal ? { signal } : {})[Symbol.asyncIterator]();
  }

  send(message: Request["message"]): void {
    this.#requests.push({ message });
    this.#wake.resolve();
  }

  step(value: Draft<typeof DenoiseStep>): void {
    this.send({ $case: "step", value });
  }

  /** Half-closes. */
  end(): void {
    this.#ended = true;
    this.#wake.resolve();
  }

  async open(value: Draft<typeof DenoiseSession>): Promise<DenoiseSessionOpened> {
    this.send({ $case: "open", value });
    const message = await this.next();
    if (message?.$case !== "opened") throw new Error(`${message?.$case ?? "the end"} came instead of opened`);
    return message.value;
  }

  async result(): Promise<DenoiseResult> {
    const message = await this.next();
    if (message?.$case !== "result") throw new Error(`${message?.$case ?? "the end"} came instead of a result`);
    return message.value;
  }

  /** Half-closes and waits for the server's OK. @throws Error when something else comes */
  async close(): Promise<void> {
    this.end();
    const message = await this.next();
    if (message) throw new Error(`${message.$case} came after the half-close, with no step unanswered`);
  }

  /** The next message; undefined when the server has closed with OK. */
  async next(): Promise<DenoiseStreamResponse["message"]> {
    const next = await this.#responses.next();
    return next.done ? undefined : next.value.message;
  }

  async *#outgoing(): AsyncGenerator<Request> {
    while (true) {
      for (let next = this.#requests.shift(); next; next = this.#requests.shift()) yield next;
      if (this.#ended) return;
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
  }
}
