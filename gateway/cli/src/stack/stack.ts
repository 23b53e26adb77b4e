/** @file A stack that this process started: samplers, then the gateway over them; ended in reverse. */
import { writeFile } from "node:fs/promises";
import { availableParallelism, homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Context } from "../context.js";
import { makeFolder } from "../output/make-folder.js";
import type { ExternalConfig, SamplerConfig, StackConfig } from "./config.js";
import { ServiceProcess } from "./service-process.js";
import { processBegan, type StackMember, type StackState } from "./state.js";

/** Where the services' programs lie: side by side with this package, as in the repository. */
const program = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
const SAMPLER = program("services/sampler/dist/main.js");
const GATEWAY = program("gateway/api/dist/main.js");

/** A process loads its libraries in a second; models of gigabytes from a slow disk take longer. */
const GATEWAY_READY_WITHIN_MS = 60_000;
const SAMPLER_READY_WITHIN_MS = 600_000;

/** Running services and where they are. */
export class Stack implements AsyncDisposable {
  private constructor(
    readonly gateway: ServiceProcess | undefined,
    private readonly processes: readonly ServiceProcess[],
    readonly servers: readonly StackMember[],
  ) {}

  /**
   * Starts the samplers side by side and then the gateway.
   * @param only  names of what to start, "gateway" among them; undefined means everything
   * @throws DomainError SERVER_UNAVAILABLE naming what did not start; nothing is left running then
   */
  static async start(config: StackConfig, context: Context, only?: ReadonlySet<string>): Promise<Stack> {
    const samplers = config.servers.filter(isSampler).filter(({ name }) => !only || only.has(name));
    const external = config.servers.filter((server) => "address" in server);
    const starting = samplers.map((sampler) => startSampler(sampler, samplers.length, context));
    const settled = await Promise.allSettled(starting);
    const processes = settled.filter((one) => one.status === "fulfilled").map((one) => one.value);
    try {
      const failed = settled.find((one) => one.status === "rejected");
      if (failed) throw failed.reason;
      const servers = [
        ...processes.map(({ name, pid, address }) => ({ name, pid, address })),
        ...external.map(toMember),
      ];
      const gateway = !only || only.has("gateway") ? await startGateway(config, servers, context) : undefined;
      return new Stack(gateway, processes, servers);
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
    for (const service of [...this.processes, ...(this.gateway ? [this.gateway] : [])])
      service.onExit(() => then(service));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.gateway) await this.gateway[Symbol.asyncDispose]();
    await stopAll(this.processes);
  }
}

const isSampler = (server: SamplerConfig | ExternalConfig): server is SamplerConfig => !("address" in server);

const toMember = ({ name, address }: ExternalConfig): StackMember => ({ name, address });

const stopAll = (processes: readonly ServiceProcess[]) =>
  Promise.all(processes.map((one) => one[Symbol.asyncDispose]()));

/** Its own token is what a client shows; a service on loopback behind the gateway asks for none. */
const serviceEnvironment = ({ TANDEM_TOKEN: _, ...env }: NodeJS.ProcessEnv): NodeJS.ProcessEnv => env;

function startSampler(config: SamplerConfig, samplers: number, context: Context): Promise<ServiceProcess> {
  const { options, env, home, signal } = context;
  const { name, cpus, listen, models, roots = [homedir(), process.cwd()] } = config;
  const threads = options.threads ?? config.threads ?? Math.max(1, Math.floor(availableParallelism() / samplers));
  const device = options.device === "auto" ? (config.device ?? "auto") : options.device;
  const args = ["--listen", listen, "--device", device, "--threads", String(threads), "--allow-https"];
  for (const [model, path] of Object.entries(models)) args.push("--model", `${model}=${path}`);
  for (const root of roots) args.push("--roots", root);
  return ServiceProcess.start(
    {
      name,
      script: SAMPLER,
      args,
      logs: join(home, "logs"),
      cpus,
      env: serviceEnvironment(env),
      readyWithinMs: SAMPLER_READY_WITHIN_MS,
    },
    signal,
  );
}

/** The gateway asks for TANDEM_TOKEN when it is set, as commands then show it. Its settings hold tokens: for the owner's eyes. */
async function startGateway(
  config: StackConfig,
  servers: readonly StackMember[],
  context: Context,
): Promise<ServiceProcess> {
  const { env, home, signal } = context;
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
  const file = join(home, "gateway.json");
  await makeFolder(home);
  await writeFile(file, JSON.stringify(settings, null, 2), { mode: 0o600 });
  return ServiceProcess.start(
    {
      name: "gateway",
      script: GATEWAY,
      args: ["--config", file],
      logs: join(home, "logs"),
      env: serviceEnvironment(env),
      readyWithinMs: GATEWAY_READY_WITHIN_MS,
    },
    signal,
  );
}
