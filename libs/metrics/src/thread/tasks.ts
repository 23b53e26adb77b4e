/** @file What the thread does for the rest: all that would block an event loop. One entry a task. */
import { discrepancy } from "../distances/discrepancy.js";
import { insideTile, nearestTile } from "../distances/tiles.js";
import { addProducts } from "../features/add-products.js";
import { mirror } from "../features/mirror.js";
import { gaussianOf } from "../features/statistics.js";
import { rootTrace } from "../frechet/root-trace.js";

/** Tasks by name. Arguments and results are copied between threads, but for arrays in shared buffers. */
export const tasks = { addProducts, mirror, gaussianOf, rootTrace, nearestTile, insideTile, discrepancy };

export type TaskName = keyof typeof tasks;
/** Arguments of a task, without the products that come first. */
export type TaskInput<K extends TaskName> = Parameters<(typeof tasks)[K]>[1];
export type TaskResult<K extends TaskName> = Awaited<ReturnType<(typeof tasks)[K]>>;
