/** @file A thread of a reconstruction. */
import { parentPort, workerData } from "node:worker_threads";
import { DomainError } from "@tandem/errors";
import { Accumulator } from "./accumulator.js";
import { type FromThread, NEXT, type Pass, STOP } from "./work.js";

const port = parentPort!;
const tell = (message: FromThread) => port.postMessage(message);
/** Bytes between two reports. */
const REPORT = 2 ** 24;

try {
  work(workerData as Pass);
} catch (error) {
  if (!(error instanceof DomainError) || (error.reason !== "NOT_FINITE" && error.reason !== "UNSAFE_FILE")) throw error;
  tell({ kind: "failed", reason: error.reason, message: error.message, resource: error.details.resource ?? "" });
}

function work(pass: Pass): void {
  const accumulator = new Accumulator(pass);
  let bytes = 0;
  for (;;) {
    if (Atomics.load(pass.shared, STOP)) break;
    const piece = pass.pieces[Atomics.add(pass.shared, NEXT, 1)];
    if (!piece) break;
    const [tensor, first, count] = piece;
    bytes += accumulator.sum(pass.tensors[tensor]!, first, count);
    if (bytes < REPORT) continue;
    tell({ kind: "read", bytes });
    bytes = 0;
  }
  tell({ kind: "read", bytes });
  tell({ kind: "done" });
}
