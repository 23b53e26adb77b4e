/** @file The check job: every file of a dataset is read, and everything that is wrong is said. */
import { join } from "node:path";
import { DatasetCheck, type Findings, Problems } from "@tandem/datasets";
import { DomainError } from "@tandem/errors";
import type { ChildContext, JobEnd } from "@tandem/jobs";
import { datasetInfo } from "../inspect/dataset-info.js";
import type { CheckInput, DatasetInput } from "./dataset-input.js";
import { keepState, readState } from "./work-state.js";

const TOGETHER = 32;
/** How much work a crash may cost. */
const KEEP_EVERY_MS = 5000;

/** What a check has found when it is interrupted. */
interface CheckState {
  /** Samples looked at. */
  readonly next: number;
  readonly problems: { readonly kept: Problems["kept"]; readonly count: number };
  readonly sums?: Findings["sums"];
}

/** @throws DomainError DATASET_INVALID when latents were to be measured and these are images; RESOURCE_NOT_FOUND */
export async function checkWork(input: DatasetInput<CheckInput>, context: ChildContext): Promise<JobEnd<"dataset">> {
  const { isMeasured } = input.operation;
  const file = join(input.work, "check.json");
  const check = await DatasetCheck.open(input.source);
  try {
    if (isMeasured && check.kind !== "latents")
      throw new DomainError("DATASET_INVALID", `${input.source}: holds images; statistics are measured of latents`);
    let next = restore(check, await readState<CheckState>(file));
    const total = check.names.length;
    const keep = () => keepState(file, stateOf(check, next));
    let kept = performance.now();
    while (next < total) {
      if (context.signal.aborted) {
        await keep();
        return { kind: "stopped" };
      }
      const some = Array.from({ length: Math.min(TOGETHER, total - next) }, (_, i) => next + i);
      await check.look(some, "whole");
      next += some.length;
      context.progress({ done: next, total, unit: "files", stage: "reading" });
      if (performance.now() - kept < KEEP_EVERY_MS) continue;
      await keep();
      kept = performance.now();
    }
    const info = datasetInfo(check);
    const result = { info: isMeasured ? info : { ...info, latentStatistics: undefined } };
    return { kind: "done", result: { artifact: "", skipped: [], skippedCount: 0n, contactSheet: "", ...result } };
  } finally {
    await check.close();
  }
}

/** @returns how many samples were looked at already */
function restore(check: DatasetCheck, state: CheckState | undefined): number {
  if (!state) return 0;
  const problems = new Problems();
  problems.append(state.problems);
  check.findings = { problems, ...(state.sums && { sums: state.sums }) };
  return state.next;
}

function stateOf({ findings: { problems, sums } }: DatasetCheck, next: number): CheckState {
  return { next, problems: { kept: problems.kept, count: problems.count }, ...(sums && { sums }) };
}
