/** @file The Node that runs this. */
import { availableParallelism, totalmem } from "node:os";
import type { Finding } from "./finding.js";

/** Always good: bin/tandem.mjs does not start with an older one. */
export async function checkNode(): Promise<Finding[]> {
  const memory = `${(totalmem() / 2 ** 30).toFixed(1)} GiB of memory`;
  return [
    { subject: "node", verdict: "good", text: `${process.version}, ${availableParallelism()} processors, ${memory}` },
  ];
}
