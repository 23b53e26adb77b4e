/** @file Which provider really runs a network's nodes: onnxruntime may place some, or all, on the CPU without a word. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { InferenceSession } from "onnxruntime-node";
import type { BatchResult } from "./batch.js";
import type { ProviderChoice } from "./providers.js";
import { checkBatch, type Specs } from "./self-check.js";
import { createSession, runSession, type SessionSettings } from "./session.js";

/** A session on a device, its results for the self-check's samples, and how many of its nodes run there. */
export interface PlacedSession {
  readonly session: InferenceSession;
  readonly outputs: BatchResult["outputs"];
  readonly nodes: { readonly onDevice: number; readonly onCpu: number } | "all on device";
}

/** The words of onnxruntime when a session may not use the CPU and would have to. */
const NEEDS_CPU = /fallback to CPU EP has been explicitly disabled/;

/**
 * Creates a session that must run wholly on the device; where onnxruntime refuses that, one that may use the CPU, whose nodes
 * are counted by a trace of one run.
 * @throws Error when the device is missing, or no node runs there
 */
export async function placeSession(
  path: string,
  specs: Specs,
  choice: ProviderChoice,
  settings: SessionSettings,
): Promise<PlacedSession> {
  let session: InferenceSession;
  try {
    session = await createSession(path, choice, { ...settings, isStrict: true });
  } catch (error) {
    if (error instanceof Error && NEEDS_CPU.test(error.message)) return placePartly(path, specs, choice, settings);
    throw error;
  }
  return { session, outputs: await runCheck(session, specs), nodes: "all on device" };
}

async function placePartly(
  path: string,
  specs: Specs,
  choice: ProviderChoice,
  settings: SessionSettings,
): Promise<PlacedSession> {
  const folder = await mkdtemp(join(tmpdir(), "tandem-placement-"));
  try {
    const session = await createSession(path, choice, { ...settings, profilePrefix: join(folder, "run") });
    const outputs = await runCheck(session, specs);
    session.endProfiling();
    const nodes = await countNodes(folder);
    if (nodes.onDevice > 0) return { session, outputs, nodes };
    await session.release();
    throw new Error("onnxruntime places all its nodes on the CPU");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runCheck(session: InferenceSession, specs: Specs): Promise<BatchResult["outputs"]> {
  return (await runSession(session, specs, checkBatch(specs))).outputs;
}

/** An event of onnxruntime's trace (Chrome's trace format). */
interface TraceEvent {
  readonly cat?: string;
  readonly name?: string;
  readonly args?: { readonly provider?: string };
}

async function countNodes(folder: string): Promise<{ onDevice: number; onCpu: number }> {
  const [file] = await readdir(folder);
  const events = JSON.parse(await readFile(join(folder, file!), "utf8")) as TraceEvent[];
  const byProvider = new Map<string, Set<string>>();
  for (const { cat, name, args } of events) {
    if (cat !== "Node" || !name || !args?.provider) continue;
    const names = byProvider.get(args.provider) ?? new Set();
    byProvider.set(args.provider, names.add(name));
  }
  let onDevice = 0;
  for (const [provider, names] of byProvider) if (provider !== "CPUExecutionProvider") onDevice += names.size;
  return { onDevice, onCpu: byProvider.get("CPUExecutionProvider")?.size ?? 0 };
}
