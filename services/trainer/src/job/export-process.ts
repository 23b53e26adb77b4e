/** @file The process of one export. */
import { childWork } from "@tandem/jobs";
import type { ExportInput } from "./export-input.js";
import { exportWork } from "./export-work.js";

childWork<ExportInput, "weightsExport">((input, context) => exportWork(input, context));
