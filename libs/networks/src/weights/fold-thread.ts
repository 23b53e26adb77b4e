/** @file A thread that folds its share of the weights and ends. */
import { workerData } from "node:worker_threads";
import { type FoldJob, fold } from "./fold.js";

for (const job of workerData as readonly FoldJob[]) fold(job);
