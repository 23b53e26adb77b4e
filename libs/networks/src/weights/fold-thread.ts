/** @file A thread that folds its share of the weights and ends. */
import { parentPort, workerData } from "node:worker_threads";
import { type FoldJob, foldEach } from "./fold.js";

parentPort?.postMessage(foldEach(workerData as readonly FoldJob[]));
