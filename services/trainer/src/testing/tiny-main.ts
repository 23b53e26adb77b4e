/** @file For tests: a trainer of tiny networks as a process. Argument: its folder, as that of `startTrainer`. */
import { join } from "node:path";
import { createLogger, startService } from "@tandem/rpc";
import { TrainerModule } from "../trainer.module.js";
import { tinyRuns } from "./tiny-runs.js";

const [, , folder = ""] = process.argv;
const logger = createLogger("trainer");
const grpc = { listen: "127.0.0.1:0", logger, graceMs: 2000 };
const own = { folder: join(folder, "own"), roots: [folder], threads: 1, queueLimit: 10 };
await startService(() => TrainerModule.forRoot({ grpc, ...own, logger, runs: tinyRuns }), { logger });
