/** @file `tandem metrics list`: what was measured. */
import { type EvaluationRecord, MetricEvaluatorServiceDefinition } from "@tandem/contracts";
import type { Command } from "commander";
import type { Context } from "../context.js";
import type { JobServer } from "../jobs/job-server.js";
import { openEvaluator } from "../metrics/evaluator.js";
import { describeMeasured, shown } from "../metrics/report.js";
import { integer } from "../option-values.js";

interface ListOptions {
  metric?: string;
  limit: number;
}

export const metricsList = {
  usage: "list",
  description: `Values on record, newest first. With --json every record whole: settings, digests, the job.`,
  example: "tandem metrics list --metric fid",
  options: (command: Command) =>
    command
      .option("--metric <name>", "only of this metric, e.g. fid or kid@dinov2-vitl14")
      .option("--limit <n>", "most records to show, from 1", integer(1), 50),
  async action(context: Context, { metric, limit }: ListOptions) {
    await using server = await openEvaluator(context, []);
    const found = await recordsOf(server, metric ?? "", limit, context.signal);
    context.output.results(
      found.map(describeMeasured),
      {
        metric: (one) => one.metric,
        value: (one) => shown(one.value),
        images: (one) => String(one.numImages),
        seed: (one) => String(one.seed),
        of: (one) => one.of,
        measured: (one) => one.measured ?? "-",
      },
      "nothing was measured yet",
    );
  },
};

/** Every record, page by page. */
async function recordsOf(server: JobServer, metric: string, limit: number, signal: AbortSignal) {
  const evaluator = server.client(MetricEvaluatorServiceDefinition);
  const found: EvaluationRecord[] = [];
  for (let pageToken = ""; ; ) {
    const pageSize = Math.min(1000, limit - found.length);
    const page = await evaluator.listEvaluationRecords({ metric, pageSize, pageToken }, { signal });
    found.push(...page.records);
    pageToken = page.nextPageToken;
    if (pageToken === "" || found.length === limit) return found;
  }
}
