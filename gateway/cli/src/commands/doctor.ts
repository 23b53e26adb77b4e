/** @file `tandem doctor`: what this machine can do, what is wrong with it, and what to do about that. */

import { DomainError } from "@tandem/errors";
import type { Context } from "../context.js";
import { checkDisk } from "../doctor/disk.js";
import type { Finding } from "../doctor/finding.js";
import { checkGateway } from "../doctor/gateway.js";
import { checkNode } from "../doctor/node.js";
import { checkPort } from "../doctor/port.js";
import { checkProviders } from "../doctor/providers.js";
import { checkToken } from "../doctor/token.js";

/** Checks in the order of their output. A check is one file and one line here. */
const checks: readonly ((context: Context) => Promise<Finding[]>)[] = [
  checkNode,
  checkProviders,
  checkDisk,
  checkPort,
  checkToken,
  checkGateway,
];

const marks: Record<Finding["verdict"], string> = { good: "ok", note: "note", bad: "PROBLEM" };

export const doctor = {
  usage: "doctor",
  description:
    "Checks Node, devices and providers, disk, ports, servers and tokens; says what to fix. Exit code 1 for problems.",
  example: "tandem doctor",
  async action(context: Context) {
    let problems = 0;
    for (const check of checks)
      for (const finding of await check(context)) {
        const { verdict, subject, text, fix } = finding;
        if (verdict === "bad") problems++;
        const remedy = fix === undefined ? "" : `\n${" ".repeat(24)}fix: ${fix}`;
        context.output.result(finding, `${marks[verdict].padEnd(8)}${subject.padEnd(16)}${text}${remedy}`);
      }
    if (problems > 0)
      throw new DomainError("PROVIDER_UNAVAILABLE", `${problems} problem${problems > 1 ? "s" : ""} found`);
  },
};
