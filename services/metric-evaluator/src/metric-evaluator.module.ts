/** @file The metric evaluator as a Nest application: its jobs and its service. */
import { join } from "node:path";
import { type DynamicModule, Module } from "@nestjs/common";
import { type Artifacts, JobsModule } from "@tandem/jobs";
import { type GatewayAddress, GrpcModule, type JobServerOptions } from "@tandem/rpc";
import { Storage } from "@tandem/storage";
import { DetectorFiles, type DetectorPlaces } from "./detectors/detector-files.js";
import { Evaluations } from "./evaluation/evaluations.js";
import { MetricEvaluatorController } from "./metric-evaluator.controller.js";
import { RECORDS } from "./records/folders.js";
import { Records } from "./records/records.js";

/** What an evaluator is made of. */
export interface MetricEvaluatorOptions extends JobServerOptions {
  readonly detectors: DetectorPlaces;
  /** Where models are measured; undefined: files only. */
  readonly gateway: GatewayAddress | undefined;
  /** Folder of records and of what is measured half; by default in the service's own. */
  readonly measurements?: string;
  /** Device of the detectors; auto by default. */
  readonly provider?: string;
  /** A kill costs at most the work of this time, milliseconds; by default a minute, for keeping takes a second. */
  readonly keepEveryMs?: number;
}

/** An evaluator process. */
@Module({})
// biome-ignore lint/complexity/noStaticOnlyClass: a Nest module is a class, a dynamic one has a static method.
export class MetricEvaluatorModule {
  /** @throws DomainError when the store of jobs cannot be opened */
  static forRoot(options: MetricEvaluatorOptions): DynamicModule {
    const {
      grpc,
      folder,
      roots,
      threads,
      queueLimit,
      logger,
      gateway,
      keepEveryMs = 60_000,
      provider = "auto",
    } = options;
    const detectorUris = [...options.detectors.named.values()].map((uri) => uri.replace(/#.*$/, ""));
    const storage = new Storage({
      roots: [...roots, ...detectorUris, folder],
      cacheFolder: join(folder, "downloads"),
    });
    const measurements = options.measurements ?? join(folder, "measurements");
    let evaluations: Evaluations | undefined;
    let detectors: DetectorFiles | undefined;
    const makeKinds = (artifacts: Artifacts) => {
      detectors = new DetectorFiles(options.detectors, storage, artifacts);
      const settings = { storage, folder, threads, gateway, detectors, measurements, provider, keepEveryMs };
      evaluations = new Evaluations(artifacts, settings);
      return [evaluations.kind];
    };
    const jobs = JobsModule.forRoot({ folder, storage, logger, queueLimit }, makeKinds);
    return {
      module: MetricEvaluatorModule,
      imports: [GrpcModule.forRoot(grpc), jobs],
      providers: [
        MetricEvaluatorController,
        { provide: Evaluations, useValue: evaluations },
        { provide: DetectorFiles, useValue: detectors },
        { provide: Records, useValue: new Records(join(measurements, RECORDS)) },
      ],
    };
  }
}
