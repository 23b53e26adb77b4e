/** @file The EMA reconstructor that a command talks to. */
import {
  ArtifactServiceDefinition,
  EmaReconstructorServiceDefinition,
  type JobServiceDefinition,
} from "@tandem/contracts";
import type { Client } from "@tandem/rpc";
import type { Context } from "../context.js";
import { JobServer } from "../jobs/job-server.js";

/** A reconstructor with its clients. Disposing closes the connection, and ends the process that was started for it. */
export class Reconstructor implements AsyncDisposable {
  private constructor(
    readonly reconstructor: Client<typeof EmaReconstructorServiceDefinition>,
    readonly artifacts: Client<typeof ArtifactServiceDefinition>,
    private readonly server: JobServer,
  ) {}

  /** @param roots folders that one of our own may read and write @throws DomainError as JobServer.open */
  static async open(context: Context, roots: readonly string[]): Promise<Reconstructor> {
    const server = await JobServer.open(context, "ema-reconstructor", roots);
    const { createClient } = await import("@tandem/rpc");
    const { channel } = server;
    return new Reconstructor(
      createClient(EmaReconstructorServiceDefinition, channel),
      createClient(ArtifactServiceDefinition, channel),
      server,
    );
  }

  get jobs(): Client<typeof JobServiceDefinition> {
    return this.server.jobs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}
