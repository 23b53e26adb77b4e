/** @file Entry of the thread: one task after the other. */
import { availableParallelism } from "node:os";
import { parentPort } from "node:worker_threads";
import { Products } from "../linear/products.js";
import type { FromThread, ToThread } from "./messages.js";
import { tasks } from "./tasks.js";

const port = parentPort!;
const products = new Products(availableParallelism());
let last: Promise<void> = Promise.resolve();

async function run({ id, name, input }: ToThread): Promise<FromThread> {
  try {
    const task = tasks[name] as (products: Products, input: unknown) => unknown;
    return { id, result: await task(products, input) };
  } catch (error) {
    // Arrays, the kernel's memory and buffers within onnxruntime: each says it in its own words.
    const isOutOfMemory = /alloc|out of memory/i.test(String(error));
    return { id, error, isOutOfMemory };
  }
}

port.on("message", (message: ToThread) => {
  last = last.then(async () => {
    const answer = await run(message);
    port.postMessage(answer, "result" in answer ? buffersOf(answer.result) : []);
  });
});

/** Buffers of a result's arrays: they move instead of being copied. */
function buffersOf(result: unknown): ArrayBuffer[] {
  if (ArrayBuffer.isView(result)) return result.buffer instanceof ArrayBuffer ? [result.buffer] : [];
  if (typeof result !== "object" || result === null) return [];
  return Object.values(result).flatMap(buffersOf);
}
