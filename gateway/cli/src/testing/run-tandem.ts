/** @file The command as users run it: a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const launcher = fileURLToPath(new URL("../../bin/tandem.mjs", import.meta.url));

/** What a command left behind. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command on its way. */
export interface RunningTandem {
  readonly pid: number;
  /** Resolves when standard error or output holds the text. */
  said(text: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  readonly outcome: Promise<Outcome>;
}

/** A folder for one test: working folder and TANDEM_HOME. Gone at the end. */
export class Workspace implements AsyncDisposable {
  readonly #children = new Set<ChildProcess>();

  private constructor(readonly folder: string) {}

  static async make(): Promise<Workspace> {
    return new Workspace(await mkdtemp(join(tmpdir(), "tandem-cli-")));
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** Starts `tandem` with these arguments. */
  start(args: readonly string[], env: NodeJS.ProcessEnv = {}): RunningTandem {
    const child = spawn(process.execPath, [launcher, ...args], {
      cwd: this.folder,
      env: { PATH: process.env.PATH, TANDEM_HOME: this.path("home"), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#children.add(child);
    let stdout = "";
    let stderr = "";
    const listeners = new Set<() => void>();
    const onData = (add: (text: string) => void) => (chunk: Buffer) => {
      add(chunk.toString());
      for (const listener of listeners) listener();
    };
    child.stdout.on(
      "data",
      onData((text) => {
        stdout += text;
      }),
    );
    child.stderr.on(
      "data",
      onData((text) => {
        stderr += text;
      }),
    );
    const outcome = once(child, "close").then(([code]) => ({ code: code as number | null, stdout, stderr }));
    const said = (text: string) =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          if (!stderr.includes(text) && !stdout.includes(text)) return;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        look();
        outcome.then(() => reject(new Error(`tandem ended without saying ${text}: ${stderr}`)), reject);
      });
    return { pid: child.pid ?? 0, said, kill: (signal) => child.kill(signal), outcome };
  }

  /** Runs `tandem` to its end. */
  run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    return this.start(args, env).outcome;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL"); // of a test that has failed; else they are gone
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A file of the golden data. */
export const golden = (path: string): string =>
  fileURLToPath(new URL(`../../../../e2e/golden/${path}`, import.meta.url));
