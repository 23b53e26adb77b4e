/** @file A stack that this process started: samplers and services with jobs, then the gateway over them; ended in reverse. */

import { rm, writeFile } from "node:fs/promises";
import { availableParallelism, homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeFolder } from "@tandem/formats";
import type { Context } from "../context.js";
import type {
  DatasetBuilderConfig,
  ExternalConfig,
  JobServiceConfig,
  MetricEvaluatorConfig,
  SamplerConfig,
  StackConfig,
} from "./config.js";
import { freePort } from "./free-port.js";
import { ServiceProcess } from "./service-process.js";
import { processBegan, type StackMember, type StackState } from "./state.js";

/** Where the services' programs lie: side by side with this package, as in the repository. */
const program = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
const SAMPLER = program("services/sampler/dist/main.js");
const GATEWAY = program("gateway/api/dist/main.js");

/** A process loads its libraries in a second; models of gigabytes from a slow disk take longer. */
const GATEWAY_READY_WITHIN_MS = 60_000;
const SAMPLER_READY_WITHIN_MS = 600_000;

/** Where and of what a stack is started. */
export interface StackOptions {
  /** Names of what to start, "gateway" among them; absent means everything. */
  readonly only?: ReadonlySet<string> | undefined;
  /** Folder of logs and of the gateway's settings. */
  readonly folder: string;
  /** The folder is nobody else's: it goes with the stack, unless a service has ended by itself and its log tells why. */
  readonly isScratch?: boolean;
}

/** Running services and where they are. */
export class Stack implements AsyncDisposable {
  private constructor(
    private readonly options: StackOptions,
    readonly gateway: ServiceProcess | undefined,
    private readonly processes: readonly ServiceProcess[],
    readonly servers: readonly StackMember[],
  ) {}

  /**
   * Starts the services side by side and then the gateway.
   * @throws DomainError SERVER_UNAVAILABLE naming what did not start; nothing is left running then
   */
  static async start(config: StackConfig, context: Context, options: StackOptions): Promise<Stack> {
    const { only, folder } = options;
    const own = config.servers.filter(isOwn).filter(({ name }) => !only || only.has(name));
    const external = config.servers.filter((server) => "address" in server);
    const samplers = own.filter(({ kind }) => kind === "sampler").length;
    const listen = await gatewayAddress(config, own);
    const starting = own.map((server) =>
      server.kind === "sampler"
        ? startSampler(server, samplers, folder, context)
        : startJobService(server, { folder, gateway: listen }, context),
    );
    const settled = await Promise.allSettled(starting);
    const processes = settled.filter((one) => one.status === "fulfilled").map((one) => one.value);
    try {
      const failed = settled.find((one) => one.status === "rejected");
      if (failed) throw failed.reason;
      const servers = [
        ...processes.map(({ name, pid, address }) => ({ name, pid, address })),
        ...external.map(toMember),
      ];
      const gateway =
        !only || only.has("gateway") ? await startGateway({ ...config, listen }, servers, folder, context) : undefined;
      return new Stack(options, gateway, processes, servers);
    } catch (error) {
      await stopAll(processes);
      throw error;
    }
  }

  /** What other commands need to know of it. */
  state(): StackState {
    const { gateway } = this;
    return {
      pid: process.pid,
      began: processBegan(process.pid) ?? "",
      started: new Date().toISOString(),
      ...(gateway && { gateway: { name: "gateway", pid: gateway.pid, address: gateway.address } }),
      servers: [...this.servers],
    };
  }

  /** Calls back for every process that ends by itself. */
  onExit(then: (service: ServiceProcess) => void): void {
    for (const service of this.#all) service.onExit(() => then(service));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { folder, isScratch } = this.options;
    const isWhole = this.#all.every((service) => !service.hasEnded);
    if (this.gateway) await this.gateway[Symbol.asyncDispose]();
    await stopAll(this.processes);
    await rm(settingsFile(folder), { force: true });
    if (isScratch && isWhole) await rm(folder, { recursive: true, force: true });
  }

  get #all(): ServiceProcess[] {
    return [...this.processes, ...(this.gateway ? [this.gateway] : [])];
  }
}

/** A process of the stack's own. */
type JobsConfig = JobServiceConfig | DatasetBuilderConfig | MetricEvaluatorConfig;
type OwnConfig = SamplerConfig | JobsConfig;

const isOwn = (server: StackConfig["servers"][number]): server is OwnConfig => !("address" in server);

const toMember = ({ name, address }: ExternalConfig): StackMember => ({ name, address });

const settingsFile = (folder: string) => join(folder, "gateway.json");

const stopAll = (processes: readonly ServiceProcess[]) =>
  Promise.all(processes.map((one) => one[Symbol.asyncDispose]()));

/** Its own token is what a client shows; a service on loopback behind the gateway asks for none. */
const serviceEnvironment = ({ TANDEM_TOKEN: _, ...env }: NodeJS.ProcessEnv): NodeJS.ProcessEnv => env;

function startSampler(
  config: SamplerConfig,
  samplers: number,
  folder: string,
  { options, env, signal, output }: Context,
): Promise<ServiceProcess> {
  const { name, cpus, listen, models, roots = [homedir(), process.cwd()] } = config;
  const threads = options.threads ?? config.threads ?? Math.max(1, Math.floor(availableParallelism() / samplers));
  const device = options.device === "auto" ? (config.device ?? "auto") : options.device;
  const args = ["--listen", listen, "--device", device, "--threads", String(threads), "--allow-https"];
  if (device !== "auto") args.push("--require-device"); // who names a device does not want another one
  for (const [model, path] of Object.entries(models)) args.push("--model", `${model}=${path}`);
  for (const root of roots) args.push("--roots", root);
  return ServiceProcess.start(
    {
      name,
      script: SAMPLER,
      args,
      logs: join(folder, "logs"),
      cpus,
      env: serviceEnvironment(env),
      readyWithinMs: SAMPLER_READY_WITHIN_MS,
      note: (text) => output.note(text),
    },
    signal,
  );
}

/** Where the gateway will listen: whoever calls its models must know it before the gateway knows him. */
async function gatewayAddress({ listen = "127.0.0.1:0" }: StackConfig, own: readonly OwnConfig[]): Promise<string> {
  const [, host = "", port] = /^(.*):(\d+)$/.exec(listen) ?? [];
  if (port !== "0" || !own.some(({ kind }) => callsModels(kind))) return listen;
  return `${host}:${await freePort(host)}`;
}

const callsModels = (kind: OwnConfig["kind"]): boolean => kind === "metric-evaluator" || kind === "dataset-builder";

function startJobService(
  config: JobsConfig,
  { folder, gateway }: { folder: string; gateway: string },
  context: Context,
): Promise<ServiceProcess> {
  const { options, env, home, signal, output } = context;
  const { name, kind, listen, roots = [homedir(), process.cwd()], data = join(folder, name) } = config;
  const threads = options.threads ?? config.threads;
  const args = ["--listen", listen, "--data", data, ...roots.flatMap((root) => ["--roots", root])];
  if (threads !== undefined) args.push("--threads", String(threads));
  const own = serviceEnvironment(env);
  if (kind === "metric-evaluator" || kind === "dataset-builder") {
    const device = options.device === "auto" ? (config.device ?? "auto") : options.device;
    args.push("--gateway", gateway, "--device", device);
    if (env.TANDEM_TOKEN) own.TANDEM_GATEWAY_TOKEN = env.TANDEM_TOKEN;
  }
  if (kind === "metric-evaluator") {
    args.push("--measurements", join(home, "measurements"));
    for (const [detector, path] of Object.entries(config.detectors)) args.push("--detector", `${detector}=${path}`);
  }
  return ServiceProcess.start(
    {
      name,
      script: program(`services/${kind}/dist/main.js`),
      args,
      logs: join(folder, "logs"),
      env: own,
      readyWithinMs: GATEWAY_READY_WITHIN_MS,
      note: (text) => output.note(text),
    },
    signal,
  );
}

/** The gateway asks for TANDEM_TOKEN when it is set, as commands then show it. Its settings hold tokens: for the owner's eyes. */
async function startGateway(
  config: StackConfig,
  servers: readonly StackMember[],
  folder: string,
  { env, signal, output }: Context,
): Promise<ServiceProcess> {
  const settings = {
    listen: config.listen ?? "127.0.0.1:0",
    ...(env.TANDEM_TOKEN && { tokens: [env.TANDEM_TOKEN] }),
    ...config.gateway,
    servers: servers.map(({ name, address }) => ({
      ...config.servers.find((server) => "address" in server && server.name === name),
      name,
      address,
    })),
  };
  const file = settingsFile(folder);
  await makeFolder(folder);
  await writeFile(file, JSON.stringify(settings, null, 2), { mode: 0o600 });
  return ServiceProcess.start(
    {
      name: "gateway",
      script: GATEWAY,
      args: ["--config", file],
      logs: join(folder, "logs"),
      env: serviceEnvironment(env),
      readyWithinMs: GATEWAY_READY_WITHIN_MS,
      note: (text) => output.note(text),
    },
    signal,
  );
}
