/** @file For tests: a whole trainer in this process, on a loopback port, its runs in processes of their own, and clients of it. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { NestFactory } from "@nestjs/core";
import {
  ArtifactServiceDefinition,
  JobServiceDefinition,
  JobState,
  TrainerServiceDefinition,
  type WatchJobResponse,
} from "@tandem/contracts";
import { type Client, connect, createClient, GrpcServer } from "@tandem/rpc";
import { pino } from "pino";
import type { Kinds } from "../run/run-kind.js";
import { TrainerModule } from "../trainer.module.js";
import { tinyRuns } from "./tiny-runs.js";
import "reflect-metadata";

/** A trainer that runs. */
export interface RunningTrainer extends AsyncDisposable {
  readonly address: string;
  readonly trainer: Client<typeof TrainerServiceDefinition>;
  readonly jobs: Client<typeof JobServiceDefinition>;
  readonly artifacts: Client<typeof ArtifactServiceDefinition>;
  /** Resolves with the job's events once it is in one of the states. */
  reached(job: string, ...states: readonly (keyof typeof JobState)[]): Promise<WatchJobResponse[]>;
}

/** Starts a trainer over a folder; the same folder again is a restart. A file of any content stands for the dataset. */
export async function startTrainer(
  folder: string,
  runs: { readonly kinds: Kinds; readonly process: URL } | undefined = tinyRuns,
): Promise<RunningTrainer> {
  const logger = pino({ level: "silent" });
  await mkdir(join(folder, "own"), { recursive: true });
  await writeFile(join(folder, "digits.zip"), "");
  const module = TrainerModule.forRoot({
    grpc: { listen: "127.0.0.1:0", logger, graceMs: 2000 },
    folder: join(folder, "own"),
    roots: [folder],
    threads: 1,
    queueLimit: 10,
    logger,
    runs,
  });
  const application = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  const { address } = application.get(GrpcServer);
  return trainerAt(address, () => application.close());
}

/** A trainer that listens somewhere. @param stop ends it */
export function trainerAt(address: string, stop: () => Promise<void>): RunningTrainer {
  const channel = connect(address);
  const jobs = createClient(JobServiceDefinition, channel);
  return {
    address,
    trainer: createClient(TrainerServiceDefinition, channel),
    jobs,
    artifacts: createClient(ArtifactServiceDefinition, channel),
    async reached(name, ...states) {
      const events: WatchJobResponse[] = [];
      for await (const event of jobs.watchJob({ name, afterSequence: 0n })) {
        events.push(event);
        if (event.event?.$case !== "job") continue;
        const state = JobState[event.event.value.state] as keyof typeof JobState;
        if (states.includes(state) && events.length > 1) return events;
      }
      throw new Error(`${name} ended without ${states.join(" or ")}: ${JSON.stringify(events.at(-1)?.event, text)}`);
    },
    async [Symbol.asyncDispose]() {
      channel.close();
      await stop();
    },
  };
}

const text = (_: string, value: unknown) => (typeof value === "bigint" ? String(value) : value);
