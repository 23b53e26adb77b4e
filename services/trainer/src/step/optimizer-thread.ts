/** @file A thread of the optimizer. */
import { parentPort, workerData } from "node:worker_threads";
import { type OptimizerCommand, OptimizerShare, type RowRange } from "./optimizer-share.js";

const { memories, ranges } = workerData as { memories: WebAssembly.Memory[]; ranges: RowRange[] };
const share = new OptimizerShare(memories, ranges);
parentPort!.on("message", (command: OptimizerCommand) => parentPort!.postMessage(share.do(command)));
