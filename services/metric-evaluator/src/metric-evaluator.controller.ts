/** @file MetricEvaluatorService of the contract. */
import {
  CreateEvaluationJobRequest,
  type ListEvaluationRecordsRequest,
  type ListMetricsRequest,
  type Metric,
  MetricEvaluatorServiceDefinition,
  type MetricEvaluatorServiceImplementation,
} from "@tandem/contracts";
import { invalid } from "@tandem/errors";
import { Jobs } from "@tandem/jobs";
import { metricTable } from "@tandem/metrics";
import { type CallInfo, GrpcService, present } from "@tandem/rpc";
import { DetectorFiles } from "./detectors/detector-files.js";
import { knownDetectors } from "./detectors/known-detectors.js";
import { Evaluations } from "./evaluation/evaluations.js";
import { Records } from "./records/records.js";

const DEFAULT_PAGE = 100;
const MAX_PAGE = 1000;

/** Creates evaluation jobs, and lists metrics and records. */
@GrpcService(MetricEvaluatorServiceDefinition)
export class MetricEvaluatorController implements MetricEvaluatorServiceImplementation<CallInfo> {
  constructor(
    private readonly jobs: Jobs,
    private readonly evaluations: Evaluations,
    private readonly detectors: DetectorFiles,
    private readonly records: Records,
  ) {}

  async createEvaluationJob(request: CreateEvaluationJobRequest) {
    const { requestId, settings, validateOnly } = request;
    const job = await this.jobs.create({
      kind: "evaluation",
      requestId,
      request: CreateEvaluationJobRequest.encode(request).finish(),
      settings,
      validateOnly,
      resolve: () => this.evaluations.resolve(present(request.spec, "spec")),
    });
    return { job };
  }

  /** The metrics with their own detectors, then with every other that is installed. */
  async listMetrics({ pageSize, pageToken }: ListMetricsRequest) {
    const metrics: Metric[] = [];
    for (const [name, { detector, ...row }] of metricTable) {
      const others = (await this.detectors.names()).filter((other) => other !== detector);
      for (const one of [detector, ...others])
        metrics.push({
          name: `metrics/${one === detector ? name : `${name}@${one}`}`,
          description: row.description,
          detector: one,
          featureDim: knownDetectors[one]?.featureDim ?? 0,
          mergeable: row.needs === "statistics",
          lowerIsBetter: row.lowerIsBetter,
          available: await this.detectors.isAvailable(one),
        });
    }
    metrics.sort((a, b) => (a.name < b.name ? -1 : 1));
    const { page, nextPageToken } = pageOf(metrics, pageSize, pageToken);
    return { metrics: page, nextPageToken };
  }

  async listEvaluationRecords(request: ListEvaluationRecordsRequest) {
    const { metric, sourceDigest } = request;
    const named = metric && `metrics/${metric.replace(/^metrics\//, "")}`;
    const found = (await this.records.all())
      .reverse()
      .filter((record) => !named || record.metric?.metric === named)
      .filter((record) => !sourceDigest || record.metric?.sourceDigest === sourceDigest);
    const { page, nextPageToken } = pageOf(found, request.pageSize, request.pageToken);
    return { records: page, nextPageToken };
  }
}

/** @throws DomainError FIELD_INVALID for a token that is none of ours */
function pageOf<T>(all: readonly T[], pageSize: number, pageToken: string): { page: T[]; nextPageToken: string } {
  if (!/^\d{0,9}$/.test(pageToken)) throw invalid("page_token", pageToken, "next_page_token of the page before");
  const start = Number(pageToken);
  const end = start + Math.min(pageSize || DEFAULT_PAGE, MAX_PAGE);
  return { page: all.slice(start, end), nextPageToken: end < all.length ? String(end) : "" };
}
