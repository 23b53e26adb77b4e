/** @file Networks with random weights, made where nobody waits for the event loop. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { type Network, type NetworkConfig, randomNetwork } from "@tandem/networks";

/** Parameters from which on a thread is worth its start: about 40 ms of drawing. */
const THREAD_FROM_PARAMETERS = 1_000_000;

/** What the thread is given. */
export interface RandomWeightsTask {
  readonly config: NetworkConfig;
  readonly seed: number;
}

/** The network that `randomNetwork` makes; a large one in a thread, whose tensors are shared, not copied. */
export async function randomWeights(task: RandomWeightsTask, parameters: number): Promise<Network> {
  if (parameters < THREAD_FROM_PARAMETERS) return randomNetwork(task.config, task.seed);
  const thread = new Worker(new URL("./random-weights-thread.js", import.meta.url), { workerData: task });
  const [network] = (await once(thread, "message")) as [Network];
  return network;
}
