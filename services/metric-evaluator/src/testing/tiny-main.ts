/** @file For tests: an evaluator as a process that keeps what it has after every batch. Argument: its folder. */
import { createLogger, startService } from "@tandem/rpc";
import { MetricEvaluatorModule } from "../metric-evaluator.module.js";
import { optionsFor } from "./start-evaluator.js";

const [, , folder = ""] = process.argv;
const logger = createLogger("metric-evaluator");
await startService(() => MetricEvaluatorModule.forRoot({ ...optionsFor(folder, 1), keepEveryMs: 0 }), { logger });
