/** @file The process of one dataset job. */
import { childWork } from "@tandem/jobs";
import { checkWork } from "./check-work.js";
import type { DatasetInput } from "./dataset-input.js";

childWork<DatasetInput, "dataset">((input, context) => checkWork(input, context));
