/** @file A thread that folds its share of the weights and ends. */
import { workerData } from "node:worker_threads";
import { type FoldJob, foldEach } from "./fold.js";

foldEach(workerData as readonly FoldJob[]);
