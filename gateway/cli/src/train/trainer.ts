/** @file The trainer that a command talks to. */
import { type JobServiceDefinition, TrainerServiceDefinition } from "@tandem/contracts";
import type { Client } from "@tandem/rpc";
import type { Context } from "../context.js";
import { JobServer } from "../jobs/job-server.js";

/** A trainer with its clients. Disposing closes the connection, and ends the process that was started for it. */
export class Trainer implements AsyncDisposable {
  private constructor(
    readonly trainer: Client<typeof TrainerServiceDefinition>,
    private readonly server: JobServer,
  ) {}

  /** @param roots folders that one of our own may read and write @throws DomainError as JobServer.open */
  static async open(context: Context, roots: readonly string[]): Promise<Trainer> {
    const server = await JobServer.open(context, "trainer", roots);
    const { createClient } = await import("@tandem/rpc");
    return new Trainer(createClient(TrainerServiceDefinition, server.channel), server);
  }

  get jobs(): Client<typeof JobServiceDefinition> {
    return this.server.jobs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}
