/** @file The dataset builder as a Nest application: its jobs and its service. */
import { join } from "node:path";
import { type DynamicModule, Module } from "@nestjs/common";
import { type Artifacts, JobsModule } from "@tandem/jobs";
import { GrpcModule, type JobServerOptions } from "@tandem/rpc";
import { Storage } from "@tandem/storage";
import type { AutoencoderSettings } from "./coder/autoencoders.js";
import { DatasetBuilderController } from "./dataset-builder.controller.js";
import { DatasetJobs } from "./job/dataset-jobs.js";

/** What a builder must be told. */
export interface DatasetBuilderOptions extends JobServerOptions, AutoencoderSettings {}

/** A dataset builder's process. */
@Module({})
// biome-ignore lint/complexity/noStaticOnlyClass: a Nest module is a class, a dynamic one has a static method.
export class DatasetBuilderModule {
  /** @throws DomainError when the store of jobs cannot be opened */
  static forRoot(options: DatasetBuilderOptions): DynamicModule {
    const { grpc, folder, roots, threads, queueLimit, logger, provider, gateway } = options;
    const storage = new Storage({ roots: [...roots, folder], cacheFolder: join(folder, "downloads") });
    let datasets: DatasetJobs | undefined;
    const makeKinds = (artifacts: Artifacts) => {
      datasets = new DatasetJobs(artifacts, { storage, folder, threads, provider, gateway });
      return [datasets.kind];
    };
    const jobs = JobsModule.forRoot({ folder, storage, logger, queueLimit }, makeKinds);
    return {
      module: DatasetBuilderModule,
      imports: [GrpcModule.forRoot(grpc), jobs],
      providers: [DatasetBuilderController, { provide: DatasetJobs, useValue: datasets }],
    };
  }
}
