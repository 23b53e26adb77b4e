/** @file Several evaluations at once that succeed or fail together. */
import { DomainError } from "@tandem/errors";

/** An evaluation and whose it is. */
export interface NamedRun<T> {
  /** Name of the model, for errors. */
  readonly name: string;
  run(signal: AbortSignal): Promise<T>;
}

/**
 * Runs all at once. The first failure aborts the others and is thrown at once, without waiting for them: a frozen server must
 * not hold back the news of a lost one. A DomainError is made to name its model.
 * @param signal aborts all; rejects with its reason
 */
export async function inParallel<T>(runs: readonly NamedRun<T>[], signal?: AbortSignal): Promise<T[]> {
  signal?.throwIfAborted();
  const group = new AbortController();
  const abort = () => group.abort(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    const results = await Promise.all(runs.map((named) => runNamed(named, group.signal)));
    signal?.throwIfAborted();
    return results;
  } catch (error) {
    group.abort(error);
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

async function runNamed<T>({ name, run }: NamedRun<T>, signal: AbortSignal): Promise<T> {
  try {
    return await run(signal);
  } catch (error) {
    if (!(error instanceof DomainError) || error.message.includes(name)) throw error;
    const details = { resource: name, ...error.details, cause: error };
    throw new DomainError(error.reason, `${name}: ${error.message}`, details);
  }
}
