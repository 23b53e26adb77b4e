/** @file For tests: the process of a run with a tiny trainee. */
import { childWork } from "@tandem/jobs";
import type { TrainingInput } from "../job/training-input.js";
import { trainingWork } from "../job/training-work.js";
import { tinyKind } from "./tiny-trainee.js";

childWork<TrainingInput, "training">((input, context) =>
  trainingWork({ edm2: tinyKind }, input, context.job, context, context.signal),
);
