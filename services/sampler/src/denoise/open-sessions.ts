/** @file Streams that are open now: counted, limited, each with a name by which the device's time is shared out. */
import { DomainError } from "@tandem/errors";

/** Most streams at once: far beyond any use, and little memory. */
const MAX_SESSIONS = 4096;

/** An open stream. Disposing of it aborts what it still waits for. */
export interface OpenSession extends Disposable {
  /** Whom the network's queue is fair to. */
  readonly client: string;
  readonly signal: AbortSignal;
}

/** The open streams of a server. */
export class OpenSessions {
  #count = 0;
  #opened = 0;

  /** Streams open now. */
  get count(): number {
    return this.#count;
  }

  /** @param signal of the call @throws DomainError LIMIT_EXCEEDED */
  open(signal: AbortSignal): OpenSession {
    if (this.#count >= MAX_SESSIONS)
      throw new DomainError(
        "LIMIT_EXCEEDED",
        `${MAX_SESSIONS} sessions are open, as many as this server holds; close some`,
        {
          metadata: { limit: MAX_SESSIONS },
        },
      );
    this.#count++;
    const ended = new AbortController();
    let isOpen = true;
    return {
      client: `stream-${++this.#opened}`,
      signal: AbortSignal.any([signal, ended.signal]),
      [Symbol.dispose]: () => {
        if (!isOpen) return;
        isOpen = false;
        this.#count--;
        ended.abort();
      },
    };
  }
}
