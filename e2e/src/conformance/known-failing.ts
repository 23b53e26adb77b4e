/** @file Failures that are tolerated: `known-failing.txt`, a line each, with its reason. */
import { readFileSync } from "node:fs";

const file = new URL("../../src/conformance/known-failing.txt", import.meta.url);

/** A check that a server may fail. One that it passes after all must be taken off the list. */
export interface KnownFailure {
  readonly server: string;
  readonly check: string;
  readonly reason: string;
}

export const knownFailures: readonly KnownFailure[] = readFileSync(file, "utf8")
  .split("\n")
  .filter((line) => line.trim() !== "" && !line.startsWith("#"))
  .map((line) => {
    const [server, check, reason] = line.split("|").map((part) => part.trim());
    if (!server || !check || !reason) throw new Error(`known-failing.txt: not "server | check | reason": ${line}`);
    return { server, check, reason };
  });
