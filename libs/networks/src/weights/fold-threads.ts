/** @file Folds a whole network, on as many threads as pay off. */
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { DomainError } from "@tandem/errors";
import { elementsOf, type FoldJob, foldEach } from "./fold.js";

/** Below this many elements a thread costs more than it saves. */
const elementsPerThread = 8_000_000;

/**
 * Runs every job. The calling thread stays free when there is enough work for others.
 * @throws DomainError NOT_FINITE naming the tensor; system errors of files that cannot be written
 */
export async function foldAll(jobs: readonly FoldJob[]): Promise<void> {
  const notFinite = (await foldShares(jobs)).find((name) => name !== undefined);
  if (notFinite !== undefined) throw new DomainError("NOT_FINITE", `tensor ${notFinite} holds NaN or infinity`);
}

async function foldShares(jobs: readonly FoldJob[]): Promise<(string | undefined)[]> {
  const elements = jobs.reduce((total, job) => total + elementsOf(job), 0);
  const threads = Math.min(Math.ceil(elements / elementsPerThread), availableParallelism(), 8);
  if (threads < 2) {
    return [foldEach(jobs)];
  }
  return Promise.all(share(jobs, threads).map(foldInThread));
}

/** Largest first, each to the thread with the least to do. */
function share(jobs: readonly FoldJob[], threads: number): FoldJob[][] {
  const shares = Array.from({ length: threads }, () => ({ jobs: [] as FoldJob[], elements: 0 }));
  for (const job of jobs.toSorted((a, b) => elementsOf(b) - elementsOf(a))) {
    const least = shares.reduce((a, b) => (b.elements < a.elements ? b : a));
    least.jobs.push(job);
    least.elements += elementsOf(job);
  }
  return shares.map((each) => each.jobs);
}

async function foldInThread(jobs: readonly FoldJob[]): Promise<string | undefined> {
  const worker = new Worker(new URL("./fold-thread.js", import.meta.url), { workerData: jobs });
  const [notFinite] = await once(worker, "message");
  return notFinite as string | undefined;
}
