/** @file Which providers work on this machine, and how fast. Asked in a process of its own: a bad driver may crash it. */
import { fork } from "node:child_process";
import type { ProviderName } from "./providers.js";

/** A provider that works, with the time of one convolution; or one that does not, with the reason. */
export type ProbeReport = { readonly provider: ProviderName } & (
  | { readonly computeMs: number; readonly reason?: never }
  | { readonly reason: string; readonly computeMs?: never }
);

const TIMEOUT_MS = 30_000;

let probed: Promise<readonly ProbeReport[]> | undefined;

/**
 * Probes all providers that the installed onnxruntime has; once, since what a machine has does not change. Never rejects: what
 * does not answer is not in the result.
 */
export function probeProviders(): Promise<readonly ProbeReport[]> {
  probed ??= probe();
  return probed;
}

function probe(): Promise<readonly ProbeReport[]> {
  return new Promise((resolve) => {
    const reports: ProbeReport[] = [];
    const child = fork(new URL("./probe-process.js", import.meta.url), {
      execArgv: [],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      timeout: TIMEOUT_MS,
      killSignal: "SIGKILL",
    });
    child.on("message", (report: ProbeReport) => reports.push(report));
    child.on("error", () => resolve(reports));
    child.on("close", () => resolve(reports));
  });
}

/** Providers that beat the CPU, the fastest first. A software GPU works but does not. */
export function fasterThanCpu(reports: readonly ProbeReport[]): ProviderName[] {
  const cpuMs = reports.find(({ provider }) => provider === "cpu")?.computeMs ?? Number.POSITIVE_INFINITY;
  return reports
    .filter(({ provider, computeMs }) => provider !== "cpu" && computeMs !== undefined && computeMs < cpuMs)
    .sort((a, b) => a.computeMs! - b.computeMs!)
    .map(({ provider }) => provider);
}

/** Names of the providers that work. */
export function available(reports: readonly ProbeReport[]): ProviderName[] {
  const working = reports.filter(({ computeMs }) => computeMs !== undefined).map(({ provider }) => provider);
  return working.includes("cpu") ? working : [...working, "cpu"];
}
