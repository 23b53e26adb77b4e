/** @file For tests: runs of tiny networks, in processes of their own. */
import type { Kinds } from "../run/run-kind.js";
import { tinyKind } from "./tiny-trainee.js";

export const tinyRuns = {
  kinds: { edm2: tinyKind } as Kinds,
  process: new URL("./tiny-process.js", import.meta.url),
};
