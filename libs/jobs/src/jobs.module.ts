/** @file Jobs in a Nest application: store, runner, JobService and ArtifactService. */
import { join } from "node:path";
import { type DynamicModule, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from "@nestjs/common";
import type { Storage } from "@tandem/storage";
import type { Logger } from "pino";
import { ArtifactController } from "./artifacts/artifact.controller.js";
import { Artifacts, type Describe } from "./artifacts/artifacts.js";
import { UploadSettings } from "./artifacts/upload-settings.js";
import { JobController } from "./job.controller.js";
import type { JobKind } from "./job-kind.js";
import { Jobs } from "./jobs.js";
import { JobRunner } from "./runner.js";
import { SqliteStore } from "./store/sqlite-store.js";

/** What a server with jobs must say. */
export interface JobsOptions {
  /** Folder of the server's own: `jobs.sqlite` and uploads. */
  readonly folder: string;
  /** Files that requests may name. */
  readonly storage: Storage;
  readonly logger: Logger;
  /** Jobs that may wait; 100 by default. */
  readonly queueLimit?: number;
  /** Largest upload; 64 GiB by default. */
  readonly maxUploadBytes?: number;
  /** Tells more of weights found in place. */
  readonly describe?: Describe;
}

/** Begins work when the server listens, and lets it end before the process does. */
class JobLife implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly runner: JobRunner,
    private readonly jobs: Jobs,
  ) {}

  onApplicationBootstrap(): Promise<void> {
    return this.runner.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.runner.stop();
    await this.jobs.store.close();
  }
}

/** Provides `Jobs` and `Artifacts`. */
@Module({})
// biome-ignore lint/complexity/noStaticOnlyClass: a Nest module is a class, a dynamic one has a static method.
export class JobsModule {
  /**
   * @param kinds makes the kinds of jobs that this server does
   * @throws DomainError when the store cannot be opened
   */
  static forRoot(options: JobsOptions, kinds: (artifacts: Artifacts) => readonly JobKind[]): DynamicModule {
    const { folder, storage, logger, queueLimit = 100, maxUploadBytes = 64 * 2 ** 30, describe } = options;
    const store = new SqliteStore(join(folder, "jobs.sqlite"));
    const artifacts = new Artifacts(store, storage, describe);
    const jobs = new Jobs(store, kinds(artifacts), queueLimit);
    const life = new JobLife(new JobRunner(jobs, artifacts, logger), jobs);
    return {
      module: JobsModule,
      global: true,
      providers: [
        JobController,
        ArtifactController,
        { provide: Jobs, useValue: jobs },
        { provide: Artifacts, useValue: artifacts },
        { provide: UploadSettings, useValue: new UploadSettings(join(folder, "uploads"), maxUploadBytes) },
        { provide: JobLife, useValue: life },
      ],
      exports: [Jobs, Artifacts],
    };
  }
}
