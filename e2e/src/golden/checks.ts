/** @file The checks by the folder or file of the golden data that they read. */
import type { GoldenCase } from "./case.js";
import { dataset, resize, shuffle } from "./datasets.js";
import { dinov2, inception } from "./features.js";
import { flops } from "./flops.js";
import type { GoldenFolder } from "./folder.js";
import { lists } from "./lists.js";
import { frechetEdge, kidPr, statistics } from "./metrics.js";
import { network } from "./network.js";
import { phema } from "./phema.js";
import { pickles } from "./pickles.js";
import { rng } from "./rng.js";
import { digits, sampler } from "./sampler.js";
import { toy } from "./toy.js";
import { walk } from "./walk.js";

/** Finds the cases of one section. */
export type Check = (folder: GoldenFolder) => AsyncIterable<GoldenCase>;

/** In the order in which a failure is best read: what everything hangs on comes first. */
export const checks: Readonly<Record<string, Check>> = {
  rng,
  "lists.json": lists,
  pickles,
  network,
  walk,
  "flops.json": flops,
  "features/inception": inception,
  "features/dinov2": dinov2,
  "features/frechet_edge": frechetEdge,
  "features/kid_pr": kidPr,
  metrics: statistics,
  phema,
  resize,
  dataset,
  "dataset/shuffle.json": shuffle,
  toy,
  sampler,
  digits,
};
