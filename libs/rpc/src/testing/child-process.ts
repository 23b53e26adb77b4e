import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";

/** A service process of a test; killed when the test ends, whatever state it is in. */
export class ServiceProcess implements AsyncDisposable {
  stdout = "";
  stderr = "";
  /** Exit code and signal, once it has ended. */
  readonly exited: Promise<[code: number | null, signal: string | null]>;

  private constructor(readonly process: ChildProcessWithoutNullStreams) {
    process.stdout.on("data", (data) => (this.stdout += data));
    process.stderr.on("data", (data) => (this.stderr += data));
    this.exited = once(process, "close") as Promise<[number | null, string | null]>;
  }

  /** Starts `node file ...args`; does not wait until it is ready. */
  static spawn(file: string, args: readonly string[], env: Record<string, string> = {}): ServiceProcess {
    return new ServiceProcess(spawn(process.execPath, [file, ...args], { env: { ...process.env, ...env } }));
  }

  /** The address of its ready line. @throws when it ends before */
  async listening(): Promise<string> {
    const ended = this.exited.then(([code]) => {
      throw new Error(`ended with ${code} before it was ready:\n${this.stderr}`);
    });
    while (!this.stdout.includes("\n")) await Promise.race([once(this.process.stdout, "data"), ended]);
    return (JSON.parse(this.stdout) as { listening: string }).listening;
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill("SIGKILL");
    await this.exited;
  }
}
