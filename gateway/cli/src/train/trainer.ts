/** @file The trainer that a command talks to: behind a gateway that was named, in the stack that runs, or started for the command. */

import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { JobServiceDefinition, TrainerServiceDefinition } from "@tandem/contracts";
import { DomainError, invalid } from "@tandem/errors";
import type { Channel, Client } from "@tandem/rpc";
import type { Context } from "../context.js";
import { ServiceProcess } from "../stack/service-process.js";
import { runningStack } from "../stack/state.js";

/** Where the service's program lies: side by side with this package, as in the repository. */
const PROGRAM = fileURLToPath(new URL("../../../../services/trainer/dist/main.js", import.meta.url));
const READY_WITHIN_MS = 60_000;

/** A trainer with its clients. Disposing closes the connection, and ends the process that was started for it. */
export class Trainer implements AsyncDisposable {
  private constructor(
    readonly trainer: Client<typeof TrainerServiceDefinition>,
    readonly jobs: Client<typeof JobServiceDefinition>,
    private readonly channel: Channel,
    private readonly own: { readonly process: ServiceProcess; readonly folder: string } | undefined,
  ) {}

  /**
   * Finds the trainer: `--server`, TANDEM_SERVER, the running stack of the state folder if it has one, or a process that ends with
   * the command.
   * @param roots folders that one of our own may read and write
   * @throws DomainError FIELD_INVALID for an address that is none, SERVER_UNAVAILABLE when it does not start
   */
  static async open(context: Context, roots: readonly string[]): Promise<Trainer> {
    const { env, options, output, home, signal } = context;
    const named = options.server ?? (env.TANDEM_SERVER || undefined);
    if (named !== undefined) return Trainer.#connect(named, env);
    const running = await runningStack(home);
    if (running?.gateway) {
      const trainer = await Trainer.#connect(running.gateway.address, env);
      if (await trainer.#serves(signal)) return trainer;
      await trainer[Symbol.asyncDispose]();
    }
    output.note("starting a trainer for this command");
    const folder = join(home, `command-${process.pid}`);
    const threads = options.threads ?? availableParallelism();
    const args = ["--listen", "127.0.0.1:0", "--data", join(folder, "trainer"), "--threads", String(threads)];
    const { TANDEM_TOKEN: _, ...clean } = env;
    const own = await ServiceProcess.start(
      {
        name: "trainer",
        script: PROGRAM,
        args: [...args, ...roots.flatMap((root) => ["--roots", root])],
        logs: join(folder, "logs"),
        env: clean,
        readyWithinMs: READY_WITHIN_MS,
        note: (text) => output.note(text),
      },
      signal,
    );
    return Trainer.#connect(own.address, env, { process: own, folder });
  }

  static async #connect(text: string, env: NodeJS.ProcessEnv, own?: { process: ServiceProcess; folder: string }) {
    const [, scheme, address] = /^(?:(https?):\/\/)?([^/]+)\/?$/.exec(text) ?? [];
    if (!address) throw invalid("--server", text, "HOST:PORT, http://HOST:PORT or https://HOST:PORT");
    const { connect, createClient } = await import("@tandem/rpc"); // only now: loading takes longer than all the rest
    const channel = connect(address, {
      name: own ? "the trainer" : `the gateway at ${address}`,
      ...(scheme === "https" && { tls: true }),
      ...(env.TANDEM_TOKEN && !own && { token: env.TANDEM_TOKEN }),
    });
    const trainer = createClient(TrainerServiceDefinition, channel);
    return new Trainer(trainer, createClient(JobServiceDefinition, channel), channel, own);
  }

  /** Whether a trainer is behind the gateway. */
  async #serves(signal: AbortSignal): Promise<boolean> {
    try {
      await this.trainer.listTrainingPresets({ pageSize: 1 }, { signal });
      return true;
    } catch (error) {
      if (error instanceof DomainError && error.reason === "NOT_SUPPORTED") return false;
      throw error;
    }
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
