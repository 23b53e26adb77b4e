/** @file The dataset builder that a command talks to. */
import { DatasetBuilderServiceDefinition, type JobServiceDefinition } from "@tandem/contracts";
import type { Client } from "@tandem/rpc";
import type { Context } from "../context.js";
import { JobServer } from "../jobs/job-server.js";

/** A builder with its clients. Disposing closes the connection, and ends the process that was started for it. */
export class DatasetBuilder implements AsyncDisposable {
  private constructor(
    readonly builder: Client<typeof DatasetBuilderServiceDefinition>,
    private readonly server: JobServer,
  ) {}

  /** @param roots folders that one of our own may read and write @throws DomainError as JobServer.open */
  static async open(context: Context, roots: readonly string[]): Promise<DatasetBuilder> {
    const server = await JobServer.open(context, "dataset-builder", roots);
    const { createClient } = await import("@tandem/rpc");
    return new DatasetBuilder(createClient(DatasetBuilderServiceDefinition, server.channel), server);
  }

  get jobs(): Client<typeof JobServiceDefinition> {
    return this.server.jobs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}
