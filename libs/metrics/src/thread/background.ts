/** @file The thread that computes for this process: started when first needed, one task after the other. */
import { Worker } from "node:worker_threads";
import { DomainError } from "@tandem/errors";
import type { FromThread, ToThread } from "./messages.js";
import type { TaskInput, TaskName, TaskResult } from "./tasks.js";

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

let worker: Worker | undefined;
let count = 0;
const pending = new Map<number, Pending>();

/**
 * Runs a task on the thread. The process stays alive until it is done.
 * @param moved buffers of the input that need not be copied: they are empty here afterwards
 * @throws DomainError OUT_OF_MEMORY; WORKER_LOST when the thread dies
 */
export function inBackground<K extends TaskName>(
  name: K,
  input: TaskInput<K>,
  moved: readonly ArrayBuffer[] = [],
): Promise<TaskResult<K>> {
  return new Promise<TaskResult<K>>((resolve, reject) => {
    worker ??= start();
    const id = count++;
    pending.set(id, { resolve: resolve as (result: unknown) => void, reject });
    worker.ref();
    worker.postMessage({ id, name, input } satisfies ToThread, moved);
  });
}

function start(): Worker {
  const started = new Worker(new URL("./thread.js", import.meta.url), { name: "metrics", execArgv: [] });
  let cause: unknown;
  started.on("message", settle);
  started.on("error", (error) => {
    cause = error;
  });
  started.on("exit", (code) => {
    worker = undefined; // the next task starts another
    const lost = new DomainError("WORKER_LOST", `the thread that computes metrics ended with code ${code}`, { cause });
    for (const { reject } of pending.values()) reject(lost);
    pending.clear();
  });
  return started;
}

function settle(answer: FromThread): void {
  const waiting = pending.get(answer.id)!;
  pending.delete(answer.id);
  if (pending.size === 0) worker?.unref();
  if ("result" in answer) waiting.resolve(answer.result);
  else if (answer.isOutOfMemory)
    waiting.reject(
      new DomainError("OUT_OF_MEMORY", "no memory for the matrices of this metric", {
        metadata: { device: "host" },
        cause: answer.error,
      }),
    );
  else waiting.reject(answer.error);
}
