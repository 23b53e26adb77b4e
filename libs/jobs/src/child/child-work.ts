/** @file The other side of `runInChild`: what a module that does a job's work calls. */
import type { Artifact } from "@tandem/contracts";
import type { JobEnd, JobReports, KindName } from "../job-kind.js";
import type { FromChild, Report, SentError, ToChild } from "./child-messages.js";
import { receiveError, sendError } from "./sent-error.js";

/** What the work knows of its attempt. */
export interface ChildContext extends JobReports {
  /** The job's name. */
  readonly job: string;
  readonly attempt: number;
  /** Aborts when the job is to stop: finish the step in hand, keep what is done, return "stopped". */
  readonly signal: AbortSignal;
}

const reports: readonly Report[] = ["progress", "log", "status", "metric", "preview"];

/**
 * Does the work that the parent sends, once, and ends the process. A parent that is gone ends it at once, as a crash would: a
 * new parent begins from what is on the disk, and must not meet the old worker there.
 */
export function childWork<I, K extends KindName>(work: (input: I, context: ChildContext) => Promise<JobEnd<K>>): void {
  const stop = new AbortController();
  const waiting = new Map<number, { resolve: (artifact: Artifact) => void; reject: (error: Error) => void }>();
  process.once("disconnect", () => process.exit(1));
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => {}); // the parent decides when to stop
  process.on("message", (message: ToChild) => {
    switch (message.kind) {
      case "begin":
        run(message);
        break;
      case "stop":
        stop.abort(new DOMException(message.reason, "AbortError"));
        break;
      case "kept": {
        const { resolve, reject } = waiting.get(message.id)!;
        waiting.delete(message.id);
        message.artifact ? resolve(message.artifact) : reject(receiveError(message.error as SentError));
      }
    }
  });
  tell({ kind: "ready" });

  async function run({ input, job, attempt }: Extract<ToChild, { kind: "begin" }>): Promise<void> {
    try {
      stop.signal.throwIfAborted(); // asked to stop while it started
      tell({ kind: "end", end: (await work(input as I, contextOf(job, attempt))) as JobEnd });
    } catch (error) {
      const isStop = stop.signal.aborted && error === stop.signal.reason;
      tell(isStop ? { kind: "end", end: { kind: "stopped" } } : { kind: "failed", error: sendError(error) });
    }
  }

  function contextOf(job: string, attempt: number): ChildContext {
    const told = reports.map((report) => [
      report,
      (...values: readonly unknown[]) => tell({ kind: "report", report, values }),
    ]);
    let count = 0;
    const artifact = (file: unknown) =>
      new Promise<Artifact>((resolve, reject) => {
        waiting.set(++count, { resolve, reject });
        tell({ kind: "artifact", id: count, file });
      });
    return {
      ...(Object.fromEntries(told) as Omit<JobReports, "artifact">),
      artifact,
      job,
      attempt,
      signal: stop.signal,
    };
  }
}

function tell(message: FromChild): void {
  process.send!(message);
}
