/** @file The EMA reconstructor as a Nest application: its jobs and its service. */
import { join } from "node:path";
import { type DynamicModule, Module } from "@nestjs/common";
import { type Artifacts, JobsModule } from "@tandem/jobs";
import { GrpcModule, type JobServerOptions } from "@tandem/rpc";
import { Storage } from "@tandem/storage";
import { EmaReconstructorController } from "./ema-reconstructor.controller.js";
import { Reconstructions } from "./reconstruction-job.js";
import { snapshotDetails } from "./snapshots/network-snapshot.js";

/** A reconstructor process. */
@Module({})
// biome-ignore lint/complexity/noStaticOnlyClass: a Nest module is a class, a dynamic one has a static method.
export class EmaReconstructorModule {
  /** @throws DomainError when the store of jobs cannot be opened */
  static forRoot({ grpc, folder, roots, threads, queueLimit, logger }: JobServerOptions): DynamicModule {
    const storage = new Storage({ roots: [...roots, folder], cacheFolder: join(folder, "downloads") });
    let reconstructions: Reconstructions | undefined;
    const makeKinds = (artifacts: Artifacts) => {
      reconstructions = new Reconstructions(artifacts, { storage, folder, threads });
      return [reconstructions.kind];
    };
    const jobs = JobsModule.forRoot({ folder, storage, logger, queueLimit, describe: snapshotDetails }, makeKinds);
    return {
      module: EmaReconstructorModule,
      imports: [GrpcModule.forRoot(grpc), jobs],
      providers: [EmaReconstructorController, { provide: Reconstructions, useValue: reconstructions }],
    };
  }
}
