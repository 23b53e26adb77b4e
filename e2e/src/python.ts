/** @file Programs in Python with the contract's generated code: `polyglot/setup.sh` makes their environment. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { residentBytes } from "./stack.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const python = `${root}/.venv/bin/python`;
const env = { ...process.env, PYTHONPATH: `${root}/.venv/contract`, PYTHONUNBUFFERED: "1" };

/** Whether the environment was made. */
export const hasPython = (): boolean => existsSync(python) && existsSync(`${root}/.venv/contract`);

/** Runs a program of polyglot/ to its end. */
export function runPython(program: string, args: string[]): { status: number | null; stdout: string; stderr: string } {
  const file = `${root}/e2e/polyglot/${program}`;
  return spawnSync(python, [file, ...args], { env, encoding: "utf8", timeout: 120_000 });
}

/** The model server in Python; its address is known when it says `port`. */
export class PythonBackend implements AsyncDisposable {
  private constructor(
    private readonly child: ChildProcess,
    readonly address: string,
  ) {}

  static async start(): Promise<PythonBackend> {
    const child = spawn(python, [`${root}/e2e/polyglot/backend.py`, "127.0.0.1:0"], {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    for await (const line of createInterface(child.stdout)) {
      const [, port] = /^port (\d+)/.exec(line) ?? [];
      if (port) return new PythonBackend(child, `127.0.0.1:${port}`);
    }
    throw new Error("the Python backend ended before it listened");
  }

  /** Resident memory now, bytes. */
  memory(): number {
    return residentBytes(this.child.pid!);
  }

  /** SIGTERM: open sessions finish. */
  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGKILL");
    await exited;
  }
}
