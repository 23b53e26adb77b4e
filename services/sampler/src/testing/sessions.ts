/** @file For tests: the client's side of a DenoiseStream. */
import {
  type DenoiseResult,
  DenoiseSession,
  type DenoiseSessionOpened,
  DenoiseStep,
  DenoiseStreamRequest,
  type DenoiseStreamResponse,
  type FloatTensor,
  wireTypes,
} from "@tandem/contracts";
import type { Draft } from "./draft.js";
import type { Clients } from "./start-sampler.js";

type Request = Draft<typeof DenoiseStreamRequest>;

/** A stream that the test holds both ends of: what it sends, and what comes back. */
export class Session {
  readonly #requests: Request[] = [];
  #wake = Promise.withResolvers<void>();
  #ended = false;
  readonly #responses: AsyncIterator<DenoiseStreamResponse>;

  constructor(denoiser: Clients["denoiser"], signal?: AbortSignal) {
    this.#responses = denoiser.denoiseStream(this.#outgoing(), signal ? { signal } : {})[Symbol.asyncIterator]();
  }

  send(message: Request["message"]): void {
    this.#requests.push({ message });
    this.#wake.resolve();
  }

  /** Half-closes. */
  end(): void {
    this.#ended = true;
    this.#wake.resolve();
  }

  step(value: Draft<typeof DenoiseStep>): void {
    this.send({ $case: "step", value });
  }

  async open(value: Draft<typeof DenoiseSession>): Promise<DenoiseSessionOpened> {
    this.send({ $case: "open", value });
    const message = await this.next();
    if (message?.$case !== "opened") throw new Error(`${message?.$case} instead of opened`);
    return message.value;
  }

  async result(): Promise<DenoiseResult> {
    const message = await this.next();
    if (message?.$case !== "result") throw new Error(`${message?.$case} instead of a result`);
    return message.value;
  }

  /** The next message; undefined when the server has closed with OK. */
  async next(): Promise<DenoiseStreamResponse["message"]> {
    const next = await this.#responses.next();
    return next.done ? undefined : next.value.message;
  }

  /** One evaluation, there and back. */
  async denoise(x: FloatTensor, sigma: number[], wireType = wireTypes[0]!): Promise<Float32Array> {
    this.step({ x: wireType.encode(x.data), sigma });
    return wireType.decode((await this.result()).denoised);
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
