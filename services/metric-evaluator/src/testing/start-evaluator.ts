/** @file For tests: a whole evaluator in this process, on a loopback port, and clients of it. */
import { join } from "node:path";
import { NestFactory } from "@nestjs/core";
import {
  ArtifactServiceDefinition,
  EvaluationResult,
  EvaluationSpec,
  type Job,
  JobServiceDefinition,
  JobState,
  MetricEvaluatorServiceDefinition,
} from "@tandem/contracts";
import { type Client, connect, createClient, GrpcServer } from "@tandem/rpc";
import { pino } from "pino";
import { MetricEvaluatorModule } from "../metric-evaluator.module.js";
import "reflect-metadata";

/** A request as tests write it. */
export type SpecDraft = Parameters<typeof EvaluationSpec.fromPartial>[0];

/** Clients of an evaluator. */
export interface EvaluatorClients extends Disposable {
  readonly evaluator: Client<typeof MetricEvaluatorServiceDefinition>;
  readonly jobs: Client<typeof JobServiceDefinition>;
  readonly artifacts: Client<typeof ArtifactServiceDefinition>;
  /** Creates a job. */
  create(spec: SpecDraft): Promise<string>;
  /** Resolves with the job once it ends or rests, and what it said of itself. */
  ended(name: string): Promise<{ job: Job; said: string[] }>;
  /** A job from its request to its result. @throws Error with the job's error */
  evaluate(spec: SpecDraft): Promise<EvaluationResult & { said: string[] }>;
}

/** An evaluator that runs. */
export interface RunningEvaluator extends EvaluatorClients, AsyncDisposable {
  readonly address: string;
}

/** Clients of the evaluator at an address. */
export function clientsOf(address: string): EvaluatorClients {
  const channel = connect(address);
  const jobs = createClient(JobServiceDefinition, channel);
  const evaluator = createClient(MetricEvaluatorServiceDefinition, channel);
  const clients: EvaluatorClients = {
    evaluator,
    jobs,
    artifacts: createClient(ArtifactServiceDefinition, channel),
    async create(spec) {
      return (await evaluator.createEvaluationJob({ spec: EvaluationSpec.fromPartial(spec) })).job!.name;
    },
    async ended(name) {
      const said: string[] = [];
      let last: Job | undefined;
      for await (const { event } of jobs.watchJob({ name, afterSequence: 0n })) {
        if (event?.$case === "log") said.push(event.value.message);
        if (event?.$case === "job") last = event.value;
        if (last?.state !== JobState.JOB_STATE_PAUSED) continue;
        const { job } = await jobs.getJob({ name }); // it may have been resumed since
        if (job!.state === JobState.JOB_STATE_PAUSED) break;
      }
      return { job: last!, said };
    },
    async evaluate(spec) {
      const { job, said } = await clients.ended(await clients.create(spec));
      if (job.state !== JobState.JOB_STATE_SUCCEEDED) throw new Error(job.error?.message);
      return { ...(job.result!.kind!.value as EvaluationResult), said };
    },
    [Symbol.dispose]: () => channel.close(),
  };
  return clients;
}

/** Settings of an evaluator over a folder, which it may read and write; detectors lie in `detectors` below. */
export const optionsFor = (folder: string, threads: number, gateway?: string) => {
  const logger = pino({ level: "silent" });
  return {
    grpc: { listen: "127.0.0.1:0", logger, graceMs: 2000 },
    folder: join(folder, "own"),
    roots: [folder],
    threads,
    provider: "cpu",
    queueLimit: 10,
    logger,
    detectors: { folder: join(folder, "detectors"), named: new Map<string, string>() },
    gateway: gateway === undefined ? undefined : { address: gateway, token: undefined },
  };
};

/** Starts an evaluator; the same folder again is a restart. */
export async function startEvaluator(folder: string, threads = 2, gateway?: string): Promise<RunningEvaluator> {
  const module = MetricEvaluatorModule.forRoot(optionsFor(folder, threads, gateway));
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
