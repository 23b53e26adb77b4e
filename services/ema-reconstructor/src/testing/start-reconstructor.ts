/** @file For tests: a whole reconstructor in this process, on a loopback port, and clients of it. */
import { NestFactory } from "@nestjs/core";
import {
  ArtifactServiceDefinition,
  EmaReconstructorServiceDefinition,
  type Job,
  JobServiceDefinition,
  JobState,
} from "@tandem/contracts";
import { type Client, connect, createClient, GrpcServer } from "@tandem/rpc";
import { pino } from "pino";
import { EmaReconstructorModule } from "../ema-reconstructor.module.js";
import "reflect-metadata";

/** Clients of a reconstructor. */
export interface ReconstructorClients extends Disposable {
  readonly reconstructor: Client<typeof EmaReconstructorServiceDefinition>;
  readonly jobs: Client<typeof JobServiceDefinition>;
  readonly artifacts: Client<typeof ArtifactServiceDefinition>;
  /** Resolves with the job once it ends or rests, and what it said of itself. */
  ended(name: string): Promise<{ job: Job; warnings: string[] }>;
}

/** A reconstructor that runs. */
export interface RunningReconstructor extends ReconstructorClients, AsyncDisposable {
  readonly address: string;
}

/** Clients of the reconstructor at an address. */
export function clientsOf(address: string): ReconstructorClients {
  const channel = connect(address);
  const jobs = createClient(JobServiceDefinition, channel);
  return {
    reconstructor: createClient(EmaReconstructorServiceDefinition, channel),
    jobs,
    artifacts: createClient(ArtifactServiceDefinition, channel),
    async ended(name) {
      const warnings: string[] = [];
      let last: Job | undefined;
      for await (const { event } of jobs.watchJob({ name, afterSequence: 0n })) {
        if (event?.$case === "log" && event.value.severity > 1) warnings.push(event.value.message);
        if (event?.$case === "job") last = event.value;
        if (last?.state === JobState.JOB_STATE_PAUSED) break;
      }
      return { job: last!, warnings };
    },
    [Symbol.dispose]: () => channel.close(),
  };
}

/** Starts a reconstructor over a folder, which it may read and write; the same folder again is a restart. */
export async function startReconstructor(folder: string): Promise<RunningReconstructor> {
  const logger = pino({ level: "silent" });
  const module = EmaReconstructorModule.forRoot({
    grpc: { listen: "127.0.0.1:0", logger, graceMs: 2000 },
    folder: `${folder}/own`,
    roots: [folder],
    threads: 2,
    queueLimit: 10,
    logger,
  });
  const application = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  const { address } = application.get(GrpcServer);
  const clients = clientsOf(address);
  return {
    ...clients,
    address,
    async [Symbol.asyncDispose]() {
      clients[Symbol.dispose]();
      await application.close();
    },
  };
}
