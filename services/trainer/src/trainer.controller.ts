/** @file TrainerService of the contract. */
import {
  CreateExportJobRequest,
  CreateTrainingJobRequest,
  type ListTrainingPresetsRequest,
  TrainerServiceDefinition,
  type TrainerServiceImplementation,
} from "@tandem/contracts";
import { Jobs } from "@tandem/jobs";
import { type CallInfo, GrpcService, present } from "@tandem/rpc";
import { Exports } from "./job/export-job.js";
import { Training } from "./job/training-job.js";
import { presetPage } from "./presets/preset-page.js";

/** Creates training and export jobs, and lists presets. */
@GrpcService(TrainerServiceDefinition)
export class TrainerController implements TrainerServiceImplementation<CallInfo> {
  constructor(
    private readonly jobs: Jobs,
    private readonly training: Training,
    private readonly exports: Exports,
  ) {}

  async createTrainingJob(request: CreateTrainingJobRequest) {
    const { requestId, settings, validateOnly } = request;
    const job = await this.jobs.create({
      kind: "training",
      requestId,
      request: CreateTrainingJobRequest.encode(request).finish(),
      settings,
      validateOnly,
      resolve: () => this.training.resolve(present(request.spec, "spec"), !validateOnly),
    });
    return { job };
  }

  async createExportJob(request: CreateExportJobRequest) {
    const { requestId, settings, validateOnly } = request;
    const job = await this.jobs.create({
      kind: "weightsExport",
      requestId,
      request: CreateExportJobRequest.encode(request).finish(),
      settings,
      validateOnly,
      resolve: () => this.exports.resolve(present(request.spec, "spec")),
    });
    return { job };
  }

  async listTrainingPresets(request: ListTrainingPresetsRequest) {
    return presetPage(request);
  }
}
