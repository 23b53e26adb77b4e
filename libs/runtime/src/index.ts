export type { BatchReport } from "./batcher.js";
export type { EvaluationRequest, EvaluationResult, EvaluationTiming, Evaluator, Execution } from "./evaluator.js";
export type { LoadOptions, ModelSource } from "./load-options.js";
export type { ModelState } from "./model-state.js";
export { type ProviderName, providers } from "./providers.js";
export { Runtime, type RuntimeOptions } from "./runtime.js";
export type { ModelStatus, RuntimeEvent } from "./runtime-events.js";
