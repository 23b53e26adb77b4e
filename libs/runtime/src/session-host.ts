/** @file The main thread's end of one session's thread. */
import { Worker } from "node:worker_threads";
import { DomainError } from "@tandem/errors";
import type { Batch, BatchResult } from "./batch.js";
import type { FromSession, LoadedMessage, LoadFailedMessage, LoadMessage, ToSession } from "./session-messages.js";

interface Pending {
  readonly resolve: (message: FromSession) => void;
  readonly reject: (error: unknown) => void;
}

const SESSION_THREAD = new URL("./session-thread.js", import.meta.url);

/** A thread with one session; one request at a time. The thread keeps the process alive only while it works. */
export class SessionHost {
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  #pending: Pending | undefined;
  #isClosing = false;
  #lost: DomainError | undefined;

  /**
   * Starts the thread.
   * @param name   the network's
   * @param onLost called once when the thread dies by itself; whatever it was doing is rejected with the same error
   * @param thread the thread's entry
   */
  constructor(
    readonly name: string,
    onLost: (error: DomainError) => void,
    thread = SESSION_THREAD,
  ) {
    this.#worker = new Worker(thread, {
      name: `session ${name}`,
      execArgv: [],
    });
    this.#worker.unref();
    this.#worker.on("message", (message: FromSession) => this.#settle((pending) => pending.resolve(message)));
    let cause: Error | undefined;
    this.#worker.on("error", (error: Error) => {
      cause = error;
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.on("exit", (code) => {
        resolve();
        if (this.#isClosing) return;
        this.#lost = lost(name, code, cause);
        this.#settle((pending) => pending.reject(this.#lost));
        onLost(this.#lost);
      });
    });
  }

  /** Loads the network. */
  async load(message: LoadMessage): Promise<LoadedMessage | LoadFailedMessage> {
    return (await this.#ask(message, [])) as LoadedMessage | LoadFailedMessage;
  }

  /**
   * Evaluates a batch; its input buffers move to the thread and come back with the result.
   * @throws DomainError WORKER_LOST when the thread dies, OUT_OF_MEMORY; Error with onnxruntime's words otherwise
   */
  async run(batch: Batch): Promise<BatchResult> {
    const answer = await this.#ask(
      { kind: "run", ...batch },
      Object.values(batch.inputs).map((data) => data.buffer),
    );
    if (answer.kind === "ran") return answer;
    if (answer.kind === "run-failed") throw runFailure(this.name, answer.message);
    throw new Error(`session ${this.name} answered a batch with ${answer.kind}`);
  }

  /** Ends the thread after what it does, and frees its memory. */
  close(): Promise<void> {
    this.#isClosing = true;
    this.#worker.ref();
    this.#post({ kind: "close" }, []);
    return this.#exited;
  }

  #ask(message: ToSession, moved: readonly ArrayBuffer[]): Promise<FromSession> {
    return new Promise((resolve, reject) => {
      if (this.#lost) return reject(this.#lost);
      this.#pending = { resolve, reject };
      this.#worker.ref();
      this.#post(message, moved);
    });
  }

  #post(message: ToSession, moved: readonly ArrayBuffer[]): void {
    this.#worker.postMessage(message, moved);
  }

  #settle(outcome: (pending: Pending) => void): void {
    const pending = this.#pending;
    this.#pending = undefined;
    this.#worker.unref();
    if (pending) outcome(pending);
  }
}

function lost(name: string, code: number, cause: Error | undefined): DomainError {
  const why = cause?.message ?? `exit code ${code}`;
  return new DomainError("WORKER_LOST", `the thread that runs ${name} died (${why}); it starts again on next use`, {
    resource: `models/${name}`,
    cause,
  });
}

function runFailure(name: string, message: string): Error {
  if (!/alloc|out of memory/i.test(message)) return new Error(`${name}: onnxruntime: ${message}`);
  return new DomainError("OUT_OF_MEMORY", `no memory for this batch of ${name}; send smaller ones`, {
    resource: `models/${name}`,
    metadata: { device: "host" },
    cause: new Error(message),
  });
}
