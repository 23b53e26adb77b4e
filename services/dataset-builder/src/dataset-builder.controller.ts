/** @file DatasetBuilderService of the contract. */
import {
  CreateDatasetJobRequest,
  DatasetBuilderServiceDefinition,
  type DatasetBuilderServiceImplementation,
  type InspectDatasetRequest,
} from "@tandem/contracts";
import { Artifacts, Jobs } from "@tandem/jobs";
import { type CallContext, type CallInfo, GrpcService, present } from "@tandem/rpc";
import { quickLook } from "./inspect/quick-look.js";
import { DatasetJobs } from "./job/dataset-jobs.js";

/** Creates dataset jobs, and tells at a glance what a dataset holds. */
@GrpcService(DatasetBuilderServiceDefinition)
export class DatasetBuilderController implements DatasetBuilderServiceImplementation<CallInfo> {
  constructor(
    private readonly jobs: Jobs,
    private readonly artifacts: Artifacts,
    private readonly datasets: DatasetJobs,
  ) {}

  async createDatasetJob(request: CreateDatasetJobRequest) {
    const { requestId, settings, validateOnly } = request;
    const job = await this.jobs.create({
      kind: "dataset",
      requestId,
      request: CreateDatasetJobRequest.encode(request).finish(),
      settings,
      validateOnly,
      resolve: () => this.datasets.resolve(present(request.spec, "spec")),
    });
    return { job };
  }

  async inspectDataset({ source }: InspectDatasetRequest, { signal }: CallContext) {
    return { info: await quickLook(await this.artifacts.localPathOrFolder(source, "source", signal), signal) };
  }
}
