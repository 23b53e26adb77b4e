/** @file The thread that hashes one large file. */
import { parentPort, workerData } from "node:worker_threads";
import { hashFile } from "./sha256.js";

parentPort?.postMessage(await hashFile(workerData as string));
