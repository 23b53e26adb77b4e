/** @file A server with jobs in this process, and clients of it. */
import { type INestApplicationContext, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { ArtifactServiceDefinition, JobServiceDefinition } from "@tandem/contracts";
import { type Client, connect, createClient, GrpcModule, GrpcServer } from "@tandem/rpc";
import { Storage } from "@tandem/storage";
import { pino } from "pino";
import type { Artifacts } from "../artifacts/artifacts.js";
import type { JobKind } from "../job-kind.js";
import { Jobs } from "../jobs.js";
import { JobsModule, type JobsOptions } from "../jobs.module.js";

/** A running server. */
export interface JobServer extends AsyncDisposable {
  readonly address: string;
  readonly jobs: Jobs;
  readonly client: Client<typeof JobServiceDefinition>;
  readonly artifacts: Client<typeof ArtifactServiceDefinition>;
  readonly application: INestApplicationContext;
}

/** Serves jobs of the given kinds. @param folder keeps them; the same folder again is a restart */
export async function serveJobs(
  folder: string,
  kinds: (artifacts: Artifacts) => readonly JobKind[],
  options: Partial<JobsOptions> = {},
): Promise<JobServer> {
  const logger = pino({ level: "silent" });
  const storage = new Storage({ roots: [folder] });
  class TestModule {}
  Module({
    imports: [
      GrpcModule.forRoot({ listen: "127.0.0.1:0", logger, graceMs: 2000 }),
      JobsModule.forRoot({ folder, storage, logger, ...options }, kinds),
    ],
  })(TestModule);
  const application = await NestFactory.createApplicationContext(TestModule, { logger: false, abortOnError: false });
  const { address } = application.get(GrpcServer);
  const channel = connect(address);
  return {
    address,
    application,
    jobs: application.get(Jobs),
    client: createClient(JobServiceDefinition, channel),
    artifacts: createClient(ArtifactServiceDefinition, channel),
    [Symbol.asyncDispose]: async () => {
      channel.close();
      await application.close();
    },
  };
}
