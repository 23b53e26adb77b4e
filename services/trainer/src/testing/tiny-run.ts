/**
 * @file For tests: a run in a process that can be killed. Arguments: its folder, its spec as JSON, and a dataset that a real network
 * learns from; without one it is a tiny one that needs none. Ends with 0 complete, 3 suspended.
 */
import { TrainingSpec } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { kinds } from "../kinds.js";
import { executeRun } from "../run/execute-run.js";
import { tinyKind } from "./tiny-trainee.js";

const [, , folder = "", json = "", dataset = ""] = process.argv;
const kind = dataset === "" ? tinyKind : kinds.edm2!;
const suspend = new AbortController();
process.once("SIGTERM", () => suspend.abort());
const say = (text: string) => process.stdout.write(`${text}\n`);
const reporter = {
  status() {},
  preview() {},
  file() {},
  progress: (done: number) => say(`done ${done}`),
  log: (_: string, message: string) => say(message),
};
try {
  const spec = await kind.resolve(TrainingSpec.fromJSON(JSON.parse(json)), { dataset });
  const resources = { threads: 1, dataset, reporter };
  const end = await executeRun({ spec, folder, name: "jobs/tiny" }, kind, resources, suspend.signal);
  say(`${end.kind} ${end.position.done} ${end.reason}`);
  process.exitCode = end.kind === "complete" ? 0 : 3;
} catch (error) {
  if (!(error instanceof DomainError)) throw error;
  say(`${error.reason} ${error.message}`);
  process.exitCode = 1;
}
