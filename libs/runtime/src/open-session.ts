/** @file From a list of providers to a session: the first that creates, places its nodes and agrees with the CPU. */
import { cpus } from "node:os";
import type { InferenceSession } from "onnxruntime-node";
import { type PlacedSession, placeSession } from "./placement.js";
import { type ProviderChoice, providers } from "./providers.js";
import { reasonOf } from "./refusal.js";
import { compareWithCpu } from "./self-check.js";
import { createSession } from "./session.js";
import type { LoadMessage, RejectedChoice } from "./session-messages.js";

/** A session and what runs it. */
export interface OpenedSession {
  readonly session: InferenceSession;
  readonly choice: ProviderChoice;
  /** Device in words. */
  readonly device: string;
}

const CPU: ProviderChoice = { name: "cpu", index: 0 };

/** Tries the choices in order. @returns the session, or undefined; and why the others did not do. */
export async function openSession(
  message: LoadMessage,
): Promise<{ opened: OpenedSession | undefined; rejected: readonly RejectedChoice[] }> {
  const rejected: RejectedChoice[] = [];
  for (const choice of message.choices) {
    try {
      return { opened: await open(message, choice), rejected };
    } catch (error) {
      rejected.push({ provider: choice.name, reason: reasonOf(error) });
    }
  }
  return { opened: undefined, rejected };
}

async function open(message: LoadMessage, choice: ProviderChoice): Promise<OpenedSession> {
  const { path, specs, threads, tolerance } = message;
  if (choice.name === "cpu") {
    const session = await createSession(path, CPU, { threads });
    return { session, choice, device: `${providers.cpu.label()}: ${cpus()[0]?.model ?? "unknown"}` };
  }
  const placed = await placeSession(path, specs, choice, { threads });
  try {
    const cpu = await createSession(path, CPU, { threads });
    await compareWithCpu(specs, placed.outputs, cpu, tolerance).finally(() => cpu.release());
  } catch (error) {
    await placed.session.release();
    throw error;
  }
  return { session: placed.session, choice, device: inWords(choice, placed.nodes) };
}

function inWords({ name, index }: ProviderChoice, nodes: PlacedSession["nodes"]): string {
  const provider = providers[name];
  const caution = provider.isTested ? "" : ", a provider untested by us";
  const where =
    nodes === "all on device" ? "all nodes" : `${nodes.onDevice} nodes, the other ${nodes.onCpu} on the CPU`;
  return `${provider.label(index)}: ${where}${caution}`;
}
