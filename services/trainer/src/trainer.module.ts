/** @file The trainer as a Nest application: its jobs and its service. */
import { join } from "node:path";
import { type DynamicModule, Module } from "@nestjs/common";
import { Artifacts, JobsModule } from "@tandem/jobs";
import { GrpcModule, type JobServerOptions } from "@tandem/rpc";
import { Storage } from "@tandem/storage";
import { Exports } from "./job/export-job.js";
import { snapshotInfo } from "./job/snapshot-info.js";
import { Training } from "./job/training-job.js";
import { kinds } from "./kinds.js";
import type { Kinds } from "./run/run-kind.js";
import { TrainerController } from "./trainer.controller.js";

/** What a trainer must be told. */
export interface TrainerOptions extends JobServerOptions {
  /** Kinds of runs, and the module of their process: the trainer's own by default. Tests have smaller ones. */
  readonly runs?: { readonly kinds: Kinds; readonly process: URL };
}

const ownRuns = { kinds, process: new URL("./job/training-process.js", import.meta.url) };

/** A trainer process. */
@Module({})
// biome-ignore lint/complexity/noStaticOnlyClass: a Nest module is a class, a dynamic one has a static method.
export class TrainerModule {
  /** @throws DomainError when the store of jobs cannot be opened */
  static forRoot({ grpc, folder, roots, threads, queueLimit, logger, runs = ownRuns }: TrainerOptions): DynamicModule {
    const storage = new Storage({ roots: [...roots, folder], cacheFolder: join(folder, "downloads") });
    let training: Training | undefined;
    let exports: Exports | undefined;
    const makeKinds = (artifacts: Artifacts) => {
      training = new Training(artifacts, { ...runs, storage, runs: join(folder, "runs"), threads });
      exports = new Exports(artifacts, { storage, exports: join(folder, "exports"), threads });
      return [training.kind, exports.kind];
    };
    const jobs = JobsModule.forRoot({ folder, storage, logger, queueLimit, describe: snapshotInfo }, makeKinds);
    return {
      module: TrainerModule,
      imports: [GrpcModule.forRoot(grpc), jobs],
      providers: [
        TrainerController,
        { provide: Training, useValue: training },
        { provide: Exports, useValue: exports },
      ],
    };
  }
}
