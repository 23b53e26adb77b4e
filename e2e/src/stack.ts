/** @file Real processes of Tandem for tests and benchmarks: samplers and a gateway, started, killed, frozen and stopped. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { nodeFlags } from "@tandem/rpc";

const root = fileURLToPath(new URL("../..", import.meta.url));
const entry = {
  sampler: "services/sampler/dist/main.js",
  trainer: "services/trainer/dist/main.js",
  gateway: "gateway/api/dist/main.js",
} as const;

/** Resident memory of a process now. */
export function residentBytes(pid: number): number {
  const [, kib] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) * 1024;
}

/** A service process that has said where it listens. */
export class ServiceProcess implements AsyncDisposable {
  private constructor(
    private readonly child: ChildProcessByStdio<Writable, Readable, Readable>,
    readonly address: string,
    private readonly metricsAddress: string | undefined,
    private readonly exited: Promise<number | null>,
    private readonly log: string[],
  ) {}

  /** Starts a service; `cpus` pins it to cores as taskset does. */
  static async start(
    kind: keyof typeof entry,
    args: string[],
    options: { cpus?: string } = {},
  ): Promise<ServiceProcess> {
    const [command, ...rest] = [...(options.cpus ? ["taskset", "-c", options.cpus] : []), process.execPath];
    const child = spawn(command!, [...rest, ...nodeFlags, `${root}/${entry[kind]}`, ...args], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, TANDEM_STOP_WITH_PARENT: "1" },
    });
    const log: string[] = [];
    createInterface(child.stderr).on("line", (line) => log.push(line));
    const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const ready = (async () => {
      for await (const line of createInterface(child.stdout)) {
        const { listening, metrics } = JSON.parse(line) as { listening?: string; metrics?: string };
        if (listening) return { listening, metrics };
      }
      throw new Error(`${kind} ended (${await exited}) before it was ready:\n${log.slice(-20).join("\n")}`);
    })();
    const { listening, metrics } = await ready;
    return new ServiceProcess(child, listening, metrics, exited, log);
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** The last lines of its log, for messages of failed tests. */
  get lastLog(): string {
    return this.log.slice(-20).join("\n");
  }

  /** What it tells Prometheus; of a process started with metrics. */
  async metrics(): Promise<string> {
    return (await fetch(`http://${this.metricsAddress}/metrics`)).text();
  }

  /** Sum of a Prometheus metric over its labels; of a server started with --metrics-port. */
  async metric(name: string): Promise<number> {
    const text = await this.metrics();
    const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))].map(([, value]) =>
      Number(value),
    );
    return values.reduce((sum, value) => sum + value, 0);
  }

  /** Resident memory now, bytes. */
  memory(): number {
    return this.#memory("VmRSS");
  }

  /** Most resident memory that it ever had, bytes. */
  peakMemory(): number {
    return this.#memory("VmHWM");
  }

  #memory(name: "VmRSS" | "VmHWM"): number {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    const [, kib] = new RegExp(`${name}:\\s+(\\d+) kB`).exec(status) ?? [];
    return Number(kib) * 1024;
  }

  /** SIGKILL, SIGSTOP, SIGCONT, SIGTERM. */
  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Its exit code; null after a signal. */
  ended(): Promise<number | null> {
    return this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGCONT");
    this.child.kill("SIGTERM");
    const timer = setTimeout(() => this.child.kill("SIGKILL"), 10_000);
    await this.exited;
    clearTimeout(timer);
  }
}

/** Model servers by name, and what each of them holds: `{ net: { net: "/path/net.safetensors" } }`. */
export type Placement = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A gateway over freshly started model servers. */
export class Stack implements AsyncDisposable {
  private constructor(
    readonly gateway: ServiceProcess,
    readonly servers: ReadonlyMap<string, ServiceProcess>,
  ) {}

  static async start(
    placement: Placement,
    options: { samplerArgs?: string[]; gatewayArgs?: string[]; cpus?: Record<string, string> } = {},
  ): Promise<Stack> {
    const started = Object.entries(placement).map(async ([name, models]) => {
      const threads = Object.keys(placement).length > 1 ? ["--threads", "1"] : []; // they share this machine
      const held = Object.entries(models).flatMap(([model, path]) => ["--model", `${model}=${path}`]);
      const args = [
        "--listen",
        "127.0.0.1:0",
        "--metrics-port",
        "0",
        ...threads,
        ...held,
        ...(options.samplerArgs ?? []),
      ];
      const cpus = options.cpus?.[name];
      return [name, await ServiceProcess.start("sampler", args, cpus ? { cpus } : {})] as const;
    });
    const servers = new Map(await Promise.all(started));
    const listed = [...servers].flatMap(([name, { address }]) => ["--server", `${name}=${address}`]);
    const gateway = await ServiceProcess.start("gateway", [
      "--listen",
      "127.0.0.1:0",
      ...listed,
      ...(options.gatewayArgs ?? []),
    ]);
    return new Stack(gateway, servers);
  }

  server(name: string): ServiceProcess {
    const server = this.servers.get(name);
    if (!server) throw new Error(`no server ${name} in this stack`);
    return server;
  }

  /** Batches that the model servers have computed. */
  batches(): Promise<number> {
    return this.total("tandem_batch_samples_count");
  }

  /** Samples that compute now on the model servers. */
  computing(): Promise<number> {
    return this.total("tandem_running_samples");
  }

  /** DenoiseStream sessions that are open on the model servers. */
  openSessions(): Promise<number> {
    return this.total("tandem_open_sessions");
  }

  /** Resident memory of all processes, bytes. */
  memory(): number {
    return [this.gateway, ...this.servers.values()].reduce((sum, process) => sum + process.memory(), 0);
  }

  private async total(metric: string): Promise<number> {
    const values = await Promise.all([...this.servers.values()].map((server) => server.metric(metric)));
    return values.reduce((sum, value) => sum + value, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway[Symbol.asyncDispose]();
    await Promise.all([...this.servers.values()].map((server) => server[Symbol.asyncDispose]()));
  }
}
