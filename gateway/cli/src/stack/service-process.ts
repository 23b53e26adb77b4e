/** @file One process of the stack: started, waited for, stopped, and gone when this process is gone. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DomainError } from "@tandem/errors";
import { makeFolder } from "@tandem/formats";
import { nodeFlags } from "@tandem/rpc";

/** What to start. */
export interface ServiceSpec {
  /** Name in messages and of the log file. */
  readonly name: string;
  /** Compiled entry of the service. */
  readonly script: string;
  readonly args: readonly string[];
  /** Folder of log files. */
  readonly logs: string;
  /** Processors to pin it to, as taskset lists them. */
  readonly cpus?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** Time that it may take to be ready. */
  readonly readyWithinMs: number;
  /** Told now and then that it still takes. */
  readonly note: (text: string) => void;
}

/** Time that a service gets to finish what it is doing. */
const STOP_WITHIN_MS = 10_000;

/** Longer than this without a word, and people think that nothing happens. */
const NOTE_EVERY_MS = 5_000;

/** A service that is ready. */
export class ServiceProcess implements AsyncDisposable {
  private constructor(
    readonly name: string,
    readonly address: string,
    readonly log: string,
    private readonly child: ChildProcess,
  ) {}

  /**
   * Starts a service and waits for its ready line.
   * @throws DomainError SERVER_UNAVAILABLE when it ends or stays silent; the signal's reason when aborted
   */
  static async start(spec: ServiceSpec, signal: AbortSignal): Promise<ServiceProcess> {
    signal.throwIfAborted();
    await makeFolder(spec.logs);
    const log = join(spec.logs, `${spec.name}.log`);
    const logFile = await open(log, "w");
    const node = [process.execPath, ...nodeFlags, spec.script, ...spec.args];
    const [command = "", ...args] = spec.cpus === undefined ? node : ["taskset", "--cpu-list", spec.cpus, ...node];
    // Its own process group: Ctrl-C is for this process, which then stops the others in order. Should it crash, their standard
    // input ends and they follow.
    const child = spawn(command, args, {
      stdio: ["pipe", "pipe", logFile.fd],
      env: { ...spec.env, TANDEM_STOP_WITH_PARENT: "1" },
      detached: true,
    });
    try {
      const address = await ready(child, spec, log, signal);
      return new ServiceProcess(spec.name, address, log, child);
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    } finally {
      await logFile.close();
    }
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Whether the process is gone. */
  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Calls back when the process ends, for whatever reason. */
  onExit(then: () => void): void {
    this.child.once("exit", then);
  }

  /** Asks it to finish; after ten seconds ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.hasEnded) return;
    const gone = once(this.child, "exit");
    this.child.kill("SIGTERM");
    const impatience = setTimeout(() => this.child.kill("SIGKILL"), STOP_WITHIN_MS);
    await gone;
    clearTimeout(impatience);
  }
}

async function ready(child: ChildProcess, spec: ServiceSpec, log: string, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const fail = (why: string) =>
    reject(
      new DomainError("SERVER_UNAVAILABLE", `${spec.name} ${why}; its log is ${log}`, {
        metadata: { server: spec.name },
      }),
    );
  const onAbort = () => reject(signal.reason);
  const timer = setTimeout(() => fail(`was not ready within ${spec.readyWithinMs / 1000} s`), spec.readyWithinMs);
  const began = performance.now();
  const notes = setInterval(() => {
    spec.note(`${spec.name} is still starting (${Math.round((performance.now() - began) / 1000)} s)`);
  }, NOTE_EVERY_MS);
  signal.addEventListener("abort", onAbort, { once: true });
  child.once("error", (error) => fail(`could not be started: ${error.message}`));
  const onExit = async (code: number | null, by: NodeJS.Signals | null) =>
    fail(`ended at once (${by ?? `exit code ${code}`}): ${await lastMessage(log)}`);
  child.once("exit", onExit);
  if (child.stdout)
    createInterface({ input: child.stdout }).on("line", (line) => {
      const address = listening(line);
      if (address !== undefined) resolve(address);
    });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    clearInterval(notes);
    child.off("exit", onExit);
    signal.removeEventListener("abort", onAbort);
  }
}

/** Address of a ready line, `{"listening":"127.0.0.1:41234"}`; undefined for any other line. */
const listening = (line: string): string | undefined => /^\{"listening":"([^"]+)"\}\s*$/.exec(line)?.[1];

/** The last thing that a service said, without the log's envelope. */
async function lastMessage(log: string): Promise<string> {
  const last = (await readFile(log, "utf8")).trimEnd().split("\n").at(-1) ?? "";
  return [textOf(last, "msg"), textOf(last, "message")].filter(Boolean).join(": ") || last || "it said nothing";
}

/** A text of a log line by its key, also from a line that was cut short. */
function textOf(line: string, key: string): string {
  const [, text] = new RegExp(`"${key}":("(?:[^"\\\\]|\\\\.)*")`).exec(line) ?? [];
  return text === undefined ? "" : (JSON.parse(text) as string);
}
