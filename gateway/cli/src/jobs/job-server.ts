/** @file A service with jobs that a command talks to: behind a gateway that was named, in the stack that runs, or started for the command. */
import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  DatasetBuilderServiceDefinition,
  EmaReconstructorServiceDefinition,
  GatewayServiceDefinition,
  JobServiceDefinition,
  MetricEvaluatorServiceDefinition,
  TrainerServiceDefinition,
} from "@tandem/contracts";
import { invalid } from "@tandem/errors";
import type { Channel, Client, createClient, TsProtoServiceDefinition } from "@tandem/rpc";
import type { Context } from "../context.js";
import { ServiceProcess } from "../stack/service-process.js";
import { runningStack } from "../stack/state.js";

const READY_WITHIN_MS = 60_000;

/** Services of the stack by their folders among the services, side by side with this package as in the repository. */
const services = {
  trainer: TrainerServiceDefinition.fullName,
  "ema-reconstructor": EmaReconstructorServiceDefinition.fullName,
  "dataset-builder": DatasetBuilderServiceDefinition.fullName,
  "metric-evaluator": MetricEvaluatorServiceDefinition.fullName,
} as const;

/** A service of the stack. */
export type JobServiceName = keyof typeof services;

/** A service with its jobs. Disposing closes the connection, and ends the process that was started for it. */
export class JobServer implements AsyncDisposable {
  private constructor(
    readonly channel: Channel,
    private readonly create: typeof createClient,
    readonly jobs: Client<typeof JobServiceDefinition>,
    private readonly own: { readonly process: ServiceProcess; readonly folder: string } | undefined,
  ) {}

  /**
   * Finds the service: `--server`, TANDEM_SERVER, the running stack of the state folder if it has one, or a process that ends with
   * the command.
   * @param roots folders that one of our own may read and write
   * @param more what else one of our own is told: flags, and secrets in its environment
   * @throws DomainError FIELD_INVALID for an address that is none, SERVER_UNAVAILABLE when it does not start
   */
  static async open(
    context: Context,
    name: JobServiceName,
    roots: readonly string[],
    more: { readonly args?: readonly string[]; readonly env?: NodeJS.ProcessEnv } = {},
  ): Promise<JobServer> {
    const { env, options, output, home, signal } = context;
    const named = options.server ?? (env.TANDEM_SERVER || undefined);
    if (named !== undefined) return JobServer.#connect(name, named, env);
    const running = await runningStack(home);
    if (running?.gateway) {
      const server = await JobServer.#connect(name, running.gateway.address, env);
      if (await server.#serves(name, signal)) return server;
      await server[Symbol.asyncDispose]();
    }
    output.note(`starting the ${name} for this command`);
    const folder = join(home, `command-${process.pid}-${name}`); // nobody else's: it goes with the service
    const threads = options.threads ?? availableParallelism();
    const args = ["--listen", "127.0.0.1:0", "--data", join(folder, name), "--threads", String(threads)];
    const { TANDEM_TOKEN: _, ...clean } = env;
    const own = await ServiceProcess.start(
      {
        name,
        script: fileURLToPath(new URL(`../../../../services/${name}/dist/main.js`, import.meta.url)),
        args: [...args, ...roots.flatMap((root) => ["--roots", root]), ...(more.args ?? [])],
        logs: join(folder, "logs"),
        env: { ...clean, ...more.env },
        readyWithinMs: READY_WITHIN_MS,
        note: (text) => output.note(text),
      },
      signal,
    );
    return JobServer.#connect(name, own.address, env, { process: own, folder });
  }

  static async #connect(
    service: JobServiceName,
    text: string,
    env: NodeJS.ProcessEnv,
    own?: { process: ServiceProcess; folder: string },
  ): Promise<JobServer> {
    const [, scheme, address] = /^(?:(https?):\/\/)?([^/]+)\/?$/.exec(text) ?? [];
    if (!address) throw invalid("--server", text, "HOST:PORT, http://HOST:PORT or https://HOST:PORT");
    const { connect, createClient } = await import("@tandem/rpc"); // only now: loading takes longer than all the rest
    const channel = connect(address, {
      name: own ? `the ${service}` : `the gateway at ${address}`,
      ...(scheme === "https" && { tls: true }),
      ...(env.TANDEM_TOKEN && !own && { token: env.TANDEM_TOKEN }),
    });
    return new JobServer(channel, createClient, createClient(JobServiceDefinition, channel), own);
  }

  /** A client of what the service serves beside its jobs. */
  client<D extends TsProtoServiceDefinition>(definition: D): Client<D> {
    return this.create(definition, this.channel);
  }

  /** Whether a server of the gateway is such a service. */
  async #serves(name: JobServiceName, signal: AbortSignal): Promise<boolean> {
    const { servers } = await this.client(GatewayServiceDefinition).listServers({ pageSize: 1000 }, { signal });
    return servers.some((server) => server.services.includes(services[name]));
  }

  /** Its log stays where it ended by itself. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.channel.close();
    if (!this.own) return;
    const isWhole = !this.own.process.hasEnded;
    await this.own.process[Symbol.asyncDispose]();
    if (isWhole) await rm(this.own.folder, { recursive: true, force: true });
  }
}
