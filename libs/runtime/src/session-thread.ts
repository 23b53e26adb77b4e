/** @file Entry of a session's thread: loads one network, evaluates batches. onnxruntime blocks the thread it runs in. */
import { parentPort } from "node:worker_threads";
import type { InferenceSession } from "onnxruntime-node";
import { openSession } from "./open-session.js";
import type { Specs } from "./self-check.js";
import { runSession } from "./session.js";
import type { FromSession, LoadMessage, RunMessage, ToSession } from "./session-messages.js";

const port = parentPort!;
let session: InferenceSession | undefined;
let specs: Specs = { inputs: [], outputs: [] };

function reply(message: FromSession, moved: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, moved);
}

async function load(message: LoadMessage): Promise<void> {
  specs = message.specs;
  const { opened, rejected } = await openSession(message);
  if (!opened) return reply({ kind: "load-failed", rejected });
  const { choice, device } = opened;
  session = opened.session;
  reply({ kind: "loaded", choice, device, rejected });
}

async function run(message: RunMessage): Promise<void> {
  try {
    const result = await runSession(session!, specs, message);
    const moved = Object.values(result.outputs).map((data) => data.buffer as ArrayBuffer);
    reply({ kind: "ran", ...result }, [...moved, ...Object.values(result.buffers)]);
  } catch (error) {
    reply({ kind: "run-failed", message: error instanceof Error ? error.message : String(error) });
  }
}

async function close(): Promise<void> {
  await session?.release();
  port.close();
}

const actions = { load, run, close };

port.on("message", (message: ToSession) => {
  // A rejection would be a bug: it ends the thread, which the other side reports.
  void (actions[message.kind] as (message: ToSession) => Promise<void>)(message);
});
