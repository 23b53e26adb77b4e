/** @file What a test needs of the machine: there, or a visible skip; with TANDEM_REQUIRE_ALL=1 a failure. */
import { spawnSync } from "node:child_process";
import { describe } from "@jest/globals";

/** Whether a command runs and exits with 0. */
export function runs(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { timeout: 10_000, stdio: "ignore" }).status === 0;
}

/** `describe` where the need is met; otherwise a skip that says why, or the plain tests, which then fail. */
export function describeWith(need: string, isMet: boolean, title: string, tests: () => void): void {
  if (isMet || process.env.TANDEM_REQUIRE_ALL === "1") describe(title, tests);
  else describe.skip(`${title} (needs ${need})`, tests);
}
