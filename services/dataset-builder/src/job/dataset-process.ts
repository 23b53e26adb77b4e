/** @file The process of one dataset job. */
import { childWork } from "@tandem/jobs";
import type { DatasetInput } from "./dataset-input.js";
import { datasetWork } from "./dataset-work.js";

childWork<DatasetInput, "dataset">((input, context) => datasetWork(input, context));
