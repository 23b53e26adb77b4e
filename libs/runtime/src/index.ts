export type { EvaluationRequest, EvaluationResult, EvaluationTiming, Evaluator, Execution } from "./evaluator.js";
