/** @file From a list of providers to a session: the first that creates, places its nodes and agrees with the CPU. */
import { cpus } from "node:os";
import type { InferenceSession } from "onnxruntime-node";
import { type ProviderChoice, providers } from "./providers.js";
import { createSession } from "./session.js";
import type { LoadMessage, RejectedChoice } from "./session-messages.js";

/** A session, or why there is none. */
export type OpenedSession =
  | {
      readonly session: InferenceSession;
      readonly choice: ProviderChoice;
      readonly device: string;
      rejected: RejectedChoice[];
    }
  | { readonly session: undefined; rejected: RejectedChoice[] };

/** Tries the choices in order. */
export async function openSession(message: LoadMessage): Promise<OpenedSession> {
  const rejected: RejectedChoice[] = [];
  for (const choice of message.choices) {
    try {
      return { ...(await open(message, choice)), rejected };
    } catch (error) {
      rejected.push({ provider: choice.name, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { session: undefined, rejected };
}

async function open(
  message: LoadMessage,
  choice: ProviderChoice,
): Promise<Omit<OpenedSession & { session: InferenceSession }, "rejected">> {
  const session = await createSession(message.model, choice, message);
  return { session, choice, device: `${providers[choice.name].label(choice.index)}: ${cpus()[0]?.model ?? "unknown"}` };
}
