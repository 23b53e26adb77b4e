/** @file The process of one evaluation: started by its job, ends with it. */
import { childWork } from "@tandem/jobs";
import { evaluate } from "./evaluate.js";
import type { EvaluationInput } from "./evaluation-input.js";

childWork<EvaluationInput, "evaluation">(evaluate);
