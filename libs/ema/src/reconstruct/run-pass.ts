/** @file A pass on several threads: while one waits for the disk another computes. */
import { Worker } from "node:worker_threads";
import { DomainError } from "@tandem/errors";
import { type FromThread, type Pass, STOP } from "./work.js";

/**
 * Does all pieces of a pass.
 * @param onRead told the bytes read since it was told before
 * @throws DomainError of an input; OUT_OF_MEMORY (disk full); the signal's reason when it aborts
 */
export async function runPass(
  pass: Pass,
  threads: number,
  onRead: (bytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const stop = () => Atomics.store(pass.shared, STOP, 1);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const ends = await Promise.allSettled(
      Array.from({ length: Math.max(1, Math.min(threads, pass.pieces.length)) }, () =>
        runThread(pass, onRead).catch((error: unknown) => {
          stop(); // the others need not finish
          throw error;
        }),
      ),
    );
    for (const end of ends) if (end.status === "rejected") throw end.reason;
    signal?.throwIfAborted();
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

function runThread(pass: Pass, onRead: (bytes: number) => void): Promise<void> {
  const thread = new Worker(new URL("./thread.js", import.meta.url), { workerData: pass });
  return new Promise((resolve, reject) => {
    thread.on("message", (message: FromThread) => {
      if (message.kind === "read") onRead(message.bytes);
      else if (message.kind === "done") resolve();
      else reject(new DomainError(message.reason, message.message, { resource: message.resource }));
    });
    thread.once("error", (error) => reject(error));
    thread.once("exit", (code) => reject(new Error(`a thread of the reconstruction ended with code ${code}`)));
  });
}
