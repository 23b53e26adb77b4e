/** @file The process of one run: started by its job, ends with it. */
import { childWork } from "@tandem/jobs";
import { kinds } from "../kinds.js";
import type { TrainingInput } from "./training-input.js";
import { trainingWork } from "./training-work.js";

childWork<TrainingInput, "training">((input, context) =>
  trainingWork(kinds, input, context.job, context, context.signal),
);
