/** @file The `tandem` command as a user runs it. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const bin = fileURLToPath(new URL("../../gateway/cli/bin/tandem.mjs", import.meta.url));

/** How a command ended. `status` is null after a signal. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command under way: its process, its end, and a promise for the first line of standard error that matches. */
export class Command {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  private stdout = "";
  private stderr = "";

  constructor(args: string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [bin, ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child.stdout?.on("data", (data: Buffer) => {
      this.stdout += data.toString();
    });
    this.child.stderr?.on("data", (data: Buffer) => {
      this.stderr += data.toString();
    });
    this.ended = new Promise((resolve) => {
      this.child.once("close", (status) => resolve({ status, stdout: this.stdout, stderr: this.stderr }));
    });
  }
}

/** Runs a command to its end. */
export const tandem = (args: string[], env?: NodeJS.ProcessEnv): Promise<Ended> => new Command(args, env).ended;
