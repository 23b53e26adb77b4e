/** @file For tests: a whole dataset builder in this process, on a loopback port, and clients of it. */
import { NestFactory } from "@nestjs/core";
import {
  ArtifactServiceDefinition,
  DatasetBuilderServiceDefinition,
  type Job,
  JobServiceDefinition,
  JobState,
} from "@tandem/contracts";
import { type Client, connect, createClient, GrpcServer } from "@tandem/rpc";
import { pino } from "pino";
import { DatasetBuilderModule } from "../dataset-builder.module.js";
import "reflect-metadata";

/** Clients of a builder. */
export interface BuilderClients extends Disposable {
  readonly builder: Client<typeof DatasetBuilderServiceDefinition>;
  readonly jobs: Client<typeof JobServiceDefinition>;
  readonly artifacts: Client<typeof ArtifactServiceDefinition>;
  /** Resolves with the job once it ends or rests. */
  ended(name: string): Promise<Job>;
}

/** Clients of the builder at an address. */
export function clientsOf(address: string): BuilderClients {
  const channel = connect(address);
  const jobs = createClient(JobServiceDefinition, channel);
  return {
    builder: createClient(DatasetBuilderServiceDefinition, channel),
    jobs,
    artifacts: createClient(ArtifactServiceDefinition, channel),
    async ended(name) {
      let last: Job | undefined;
      for await (const { event } of jobs.watchJob({ name, afterSequence: undefined })) {
        if (event?.$case === "job") last = event.value;
        if (last?.state === JobState.JOB_STATE_PAUSED) break;
      }
      return last!;
    },
    [Symbol.dispose]: () => channel.close(),
  };
}

/** Starts a builder over a folder, which it may read and write; the same folder again is a restart. @param gateway whose models it may use */
export async function startBuilder(
  folder: string,
  gateway?: { readonly address: string; readonly token: string | undefined },
): Promise<BuilderClients & AsyncDisposable> {
  const logger = pino({ level: "silent" });
  const module = DatasetBuilderModule.forRoot({
    grpc: { listen: "127.0.0.1:0", logger, graceMs: 2000 },
    folder: `${folder}/own`,
    roots: [folder],
    threads: 2,
    queueLimit: 10,
    provider: "cpu",
    gateway,
    logger,
  });
  const application = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  const clients = clientsOf(application.get(GrpcServer).address);
  return {
    ...clients,
    async [Symbol.asyncDispose]() {
      clients[Symbol.dispose]();
      await application.close();
    },
  };
}
