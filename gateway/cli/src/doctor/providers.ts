/** @file The devices: a small network is really loaded on each, so what is called available is. */
import { DomainError } from "@tandem/errors";
import { buildDenoiser, networkConfig, randomNetwork } from "@tandem/networks";
import { providers, Runtime } from "@tandem/runtime";
import { errorLine } from "../error-line.js";
import type { Finding } from "./finding.js";

export async function checkProviders(): Promise<Finding[]> {
  const runtime = new Runtime();
  const network = randomNetwork(networkConfig({ kind: "toy_mlp" }), 0);
  const findings: Finding[] = [];
  try {
    for (const [name, { isTested }] of Object.entries(providers)) {
      const untested = isTested ? "" : " (not tested on this hardware; checked against the CPU at every load)";
      try {
        const { execution } = await runtime.load(name, () => buildDenoiser(network), {
          provider: name,
          requireProvider: true,
        });
        findings.push({ subject: name, verdict: "good", text: `${execution.device}, ${execution.runtime}${untested}` });
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        findings.push({ subject: name, verdict: name === "cpu" ? "bad" : "note", text: errorLine(error) });
      }
    }
  } finally {
    await runtime.close();
  }
  return findings;
}
