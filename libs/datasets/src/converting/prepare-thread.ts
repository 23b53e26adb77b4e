/** @file A thread of a conversion: one decoder, one resampler, one picture after the other. */
import { parentPort, workerData } from "node:worker_threads";
import type { ConvertPlan } from "./options.js";
import { type Prepared, Preparer } from "./prepare.js";
import type { Group } from "./prepare-pool.js";

const preparer = new Preparer(workerData as ConvertPlan);

// One group after the other: the pool takes what comes back in the order in which it was sent.
let last = Promise.resolve();
parentPort!.on("message", (group: Group) => {
  last = last.then(() => prepareGroup(group));
});

async function prepareGroup(group: Group): Promise<void> {
  const prepared: Prepared[] = [];
  for (const { file, picture } of group) prepared.push(await preparer.prepare(file, picture));
  const buffers = prepared.flatMap((image) => ("bytes" in image ? [image.bytes.buffer as ArrayBuffer] : []));
  parentPort!.postMessage(prepared, buffers);
}
