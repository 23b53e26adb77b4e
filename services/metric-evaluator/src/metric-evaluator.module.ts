/** @file The metric evaluator as a Nest application: its jobs and its service. */
import { join } from "node:path";
import { type DynamicModule, Module } from "@nestjs/common";
import { type Artifacts, JobsModule } from "@tandem/jobs";
import { GrpcModule, type JobServerOptions } from "@tandem/rpc";
import { Storage } from "@tandem/storage";
import { DetectorFiles, type DetectorPlaces } from "./detectors/detector-files.js";
import { Evaluations } from "./evaluation/evaluations.js";
import { MetricEvaluatorController } from "./metric-evaluator.controller.js";
import { Records } from "./records/records.js";
import type { GatewayAddress } from "./source/generated-images.js";

/** What an evaluator is made of. */
export interface MetricEvaluatorOptions extends JobServerOptions {
  readonly detectors: DetectorPlaces;
  /** Where models are measured; undefined: files only. */
  readonly gateway: GatewayAddress | undefined;
  /** A kill costs at most the work of this time, milliseconds; by default a minute, for keeping takes a second. */
  readonly keepEveryMs?: number;
}

/** An evaluator process. */
@Module({})
// biome-ignore lint/complexity/noStaticOnlyClass: a Nest module is a class, a dynamic one has a static method.
export class MetricEvaluatorModule {
  /** @throws DomainError when the store of jobs cannot be opened */
  static forRoot(options: MetricEvaluatorOptions): DynamicModule {
    const { grpc, folder, roots, threads, queueLimit, logger, gateway, keepEveryMs = 60_000 } = options;
    const detectorUris = [...options.detectors.named.values()].map((uri) => uri.replace(/#.*$/, ""));
    const storage = new Storage({
      roots: [...roots, ...detectorUris, folder],
      cacheFolder: join(folder, "downloads"),
    });
    const records = new Records(join(folder, "records.jsonl"));
    let evaluations: Evaluations | undefined;
    let detectors: DetectorFiles | undefined;
    const makeKinds = (artifacts: Artifacts) => {
      detectors = new DetectorFiles(options.detectors, storage, artifacts);
      evaluations = new Evaluations(artifacts, { storage, folder, threads, gateway, records, detectors, keepEveryMs });
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
        { provide: Records, useValue: records },
      ],
    };
  }
}
