/** @file A job's work in a process of its own: the server answers while it computes, and outlives its crash. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { DomainError } from "@tandem/errors";
import type { JobContext, JobEnd, KindName } from "../job-kind.js";
import type { FromChild, ToChild } from "./child-messages.js";
import { receiveError, sendError } from "./sent-error.js";

/** Last words of a process that are kept for the error, characters. */
const LAST_WORDS = 2000;

/** How the process is made. */
export interface ChildOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly execArgv?: readonly string[];
}

/**
 * Runs a module that calls `childWork` as the work of a job. It is asked to stop when the context's signal aborts.
 * @param input structured data for it; BigInts and typed arrays pass
 * @throws DomainError WORKER_LOST when the process dies, with its exit code or signal and its last words; what the work throws
 */
export async function runInChild<K extends KindName>(
  module: URL,
  input: unknown,
  context: JobContext<K>,
  { env = process.env, execArgv = process.execArgv }: ChildOptions = {},
): Promise<JobEnd<K>> {
  context.signal.throwIfAborted();
  const child = fork(fileURLToPath(module), {
    env,
    execArgv: [...execArgv],
    serialization: "advanced",
    stdio: ["ignore", "inherit", "pipe", "ipc"],
  });
  const words = lastWords(child);
  const stop = () => send(child, { kind: "stop", reason: String(context.signal.reason) });
  context.signal.addEventListener("abort", stop, { once: true });
  try {
    return await new Promise<JobEnd<K>>((resolve, reject) => {
      child.on("message", (message: FromChild) => {
        switch (message.kind) {
          case "ready":
            send(child, { kind: "begin", input, job: context.name, attempt: context.attempt });
            if (context.signal.aborted) stop();
            break;
          case "report":
            (context[message.report] as (...values: readonly unknown[]) => void)(...message.values);
            break;
          case "artifact":
            context.artifact(message.file as never).then(
              (artifact) => send(child, { kind: "kept", id: message.id, artifact }),
              (error) => send(child, { kind: "kept", id: message.id, error: sendError(error) }),
            );
            break;
          case "end":
            resolve(message.end as JobEnd<K>);
            break;
          case "failed":
            reject(receiveError(message.error));
        }
      });
      child.once("error", reject);
      child.once("close", (code, signal) => reject(lost(code, signal, words())));
    });
  } finally {
    context.signal.removeEventListener("abort", stop);
    await ended(child);
  }
}

function send(child: ChildProcess, message: ToChild): void {
  if (child.connected) child.send(message, () => {}); // a process that is gone is reported by its "close"
}

/** Resolves when the process is gone; it ends by itself after its last message. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve)); // "close" does not come after a disconnect
  const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
  if (child.connected) child.disconnect();
  await gone;
  clearTimeout(late);
}

function lost(code: number | null, signal: NodeJS.Signals | null, words: string): DomainError {
  const how = signal ? `was killed by ${signal}` : `ended with code ${code}`;
  const hint = signal === "SIGKILL" ? " (out of memory, perhaps)" : "";
  const said = words === "" ? "" : `: ${words.trim().split("\n").at(-1)}`;
  return new DomainError("WORKER_LOST", `the worker process ${how}${hint}${said}`);
}

/** Passes on what a process says on stderr, and keeps the end. */
function lastWords(child: ChildProcess): () => string {
  let words = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    process.stderr.write(chunk);
    words = (words + chunk.toString()).slice(-LAST_WORDS);
  });
  return () => words;
}
