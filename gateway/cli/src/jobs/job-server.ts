/** @file A service with jobs that a command talks to: behind a gateway that was named, or one that is started for the command. */
import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { JobServiceDefinition } from "@tandem/contracts";
import { invalid } from "@tandem/errors";
import type { Channel, Client } from "@tandem/rpc";
import type { Context } from "../context.js";
import { ServiceProcess } from "../stack/service-process.js";

const READY_WITHIN_MS = 60_000;

/** A service of the stack: its folder among the services, side by side with this package as in the repository. */
export type JobServiceName = "trainer" | "ema-reconstructor";

/** A service with its jobs. Disposing closes the connection, and ends the process that was started for it. */
export class JobServer implements AsyncDisposable {
  private constructor(
    readonly channel: Channel,
    readonly jobs: Client<typeof JobServiceDefinition>,
    private readonly own: { readonly process: ServiceProcess; readonly folder: string } | undefined,
  ) {}

  /**
   * Finds the service: `--server`, TANDEM_SERVER, or a process that ends with the command.
   * @param roots folders that one of our own may read and write
   * @throws DomainError FIELD_INVALID for an address that is none, SERVER_UNAVAILABLE when it does not start
   */
  static async open(context: Context, name: JobServiceName, roots: readonly string[]): Promise<JobServer> {
    const { env, options, output, home, signal } = context;
    const named = options.server ?? (env.TANDEM_SERVER || undefined);
    if (named !== undefined) return JobServer.#connect(name, named, env);
    output.note(`starting the ${name} for this command`);
    const folder = join(home, `command-${process.pid}`);
    const threads = options.threads ?? availableParallelism();
    const args = ["--listen", "127.0.0.1:0", "--data", join(folder, name), "--threads", String(threads)];
    const { TANDEM_TOKEN: _, ...clean } = env;
    const own = await ServiceProcess.start(
      {
        name,
        script: fileURLToPath(new URL(`../../../../services/${name}/dist/main.js`, import.meta.url)),
        args: [...args, ...roots.flatMap((root) => ["--roots", root])],
        logs: join(folder, "logs"),
        env: clean,
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
    return new JobServer(channel, createClient(JobServiceDefinition, channel), own);
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
