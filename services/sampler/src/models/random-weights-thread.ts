/** @file Thread of random-weights.ts: draws one network, hands it over, ends. */
import { parentPort, workerData } from "node:worker_threads";
import { randomNetwork } from "@tandem/networks";
import type { RandomWeightsTask } from "./random-weights.js";

const { config, seed } = workerData as RandomWeightsTask;
parentPort!.postMessage(randomNetwork(config, seed));
