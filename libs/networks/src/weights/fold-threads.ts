/** @file Folds a whole network, on as many threads as pay off. */
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { elementsOf, type FoldJob, foldEach } from "./fold.js";

/** Below this many elements a thread costs more than it saves. */
const elementsPerThread = 8_000_000;

/** Runs every job. The calling thread stays free when there is enough work for others. */
export async function foldAll(jobs: readonly FoldJob[]): Promise<void> {
  const elements = jobs.reduce((total, job) => total + elementsOf(job), 0);
  const threads = Math.min(Math.ceil(elements / elementsPerThread), availableParallelism(), 8);
  if (threads < 2) {
    foldEach(jobs);
    return;
  }
  await Promise.all(share(jobs, threads).map(foldInThread));
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

async function foldInThread(jobs: readonly FoldJob[]): Promise<void> {
  const worker = new Worker(new URL("./fold-thread.js", import.meta.url), { workerData: jobs });
  const [code] = await once(worker, "exit");
  if (code !== 0) throw new Error(`a thread that folded weights ended with code ${code}`);
}
