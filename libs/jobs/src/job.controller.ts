/** @file JobService of the contract. */
import {
  type CancelJobRequest,
  type DeleteJobRequest,
  type GetJobRequest,
  JobServiceDefinition,
  type JobServiceImplementation,
  type ListJobsRequest,
  type PauseJobRequest,
  type ResumeJobRequest,
  type RetryJobRequest,
  type WatchJobRequest,
  type WatchJobResponse,
} from "@tandem/contracts";
import { invalid } from "@tandem/errors";
import { type CallContext, type CallInfo, GrpcService } from "@tandem/rpc";
import { Artifacts } from "./artifacts/artifacts.js";
import { Jobs } from "./jobs.js";
import { checkJobName } from "./names.js";

/** Manages the jobs of this server. */
@GrpcService(JobServiceDefinition)
export class JobController implements JobServiceImplementation<CallInfo> {
  constructor(
    private readonly jobs: Jobs,
    private readonly artifacts: Artifacts,
  ) {}

  async getJob({ name }: GetJobRequest) {
    return { job: await this.jobs.get(checkJobName(name, "name")) };
  }

  async listJobs(request: ListJobsRequest) {
    if (request.parent !== "") throw invalid("parent", request.parent, "empty: this is a single server");
    return this.jobs.list(request);
  }

  watchJob({ name, afterSequence }: WatchJobRequest, { signal }: CallContext): AsyncGenerator<WatchJobResponse> {
    return this.jobs.watch(checkJobName(name, "name"), afterSequence, signal);
  }

  async cancelJob({ name }: CancelJobRequest) {
    return { job: await this.jobs.command(checkJobName(name, "name"), "cancel") };
  }

  async pauseJob({ name }: PauseJobRequest) {
    return { job: await this.jobs.command(checkJobName(name, "name"), "pause") };
  }

  async resumeJob({ name }: ResumeJobRequest) {
    return { job: await this.jobs.command(checkJobName(name, "name"), "resume") };
  }

  async retryJob({ name }: RetryJobRequest) {
    return { job: await this.jobs.command(checkJobName(name, "name"), "retry") };
  }

  async deleteJob({ name, deleteArtifacts }: DeleteJobRequest) {
    await this.jobs.remove(checkJobName(name, "name"));
    if (deleteArtifacts) await this.artifacts.removeOf(name);
    return {};
  }
}
