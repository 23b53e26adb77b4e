export { Artifacts, type Describe } from "./artifacts/artifacts.js";
export type { KindOfArtifact, NewArtifact } from "./artifacts/new-artifact.js";
export { type ChildContext, childWork } from "./child/child-work.js";
export { type ChildOptions, runInChild } from "./child/run-in-child.js";
export type { Creation } from "./creation.js";
export { lockFolder } from "./folder-lock.js";
export {
  type JobContext,
  type JobEnd,
  type JobKind,
  type JobProgress,
  type JobReports,
  jobKind,
  type KindName,
  type ResultOf,
  type SpecOf,
} from "./job-kind.js";
export { Jobs } from "./jobs.js";
export { JobsModule, type JobsOptions } from "./jobs.module.js";
export { isFinal, showState } from "./life-cycle.js";
