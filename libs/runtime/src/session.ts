/** @file An onnxruntime session as the session thread uses it: created for one provider, run on whole batches. */
import type { TensorSpec } from "@tandem/graph";
import { env, InferenceSession, Tensor } from "onnxruntime-node";
import type { Batch, BatchResult } from "./batch.js";
import { type ProviderChoice, providers } from "./providers.js";

env.logLevel = "fatal"; // what fails is thrown, and reported by whoever asked

/** How a session is created, beside its provider. */
export interface SessionSettings {
  readonly threads: number;
  /** Refuses to place a node on the CPU. */
  readonly isStrict?: boolean;
  /** Writes a trace with the provider of every node to a file with this prefix, at endProfiling. */
  readonly profilePrefix?: string;
}

/** Creates a session from a network's files; they may be deleted afterwards. */
export function createSession(
  path: string,
  choice: ProviderChoice,
  settings: SessionSettings,
): Promise<InferenceSession> {
  return InferenceSession.create(path, {
    executionProviders: [providers[choice.name].option(choice.index)],
    intraOpNumThreads: settings.threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
    logSeverityLevel: 4,
    extra: {
      session: {
        disable_cpu_ep_fallback: settings.isStrict ? "1" : "0",
        // Sessions share the cores with each other and with this process: threads that wait must not burn them.
        intra_op: { allow_spinning: "0" },
      },
    },
    ...(settings.profilePrefix && { enableProfiling: true, profileFilePrefix: settings.profilePrefix }),
  });
}

/**
 * Runs a batch. onnxruntime reads the inputs in place and returns each output in a fresh buffer of its own, so results can
 * be moved to another thread as they are.
 */
export async function runSession(
  session: InferenceSession,
  inputs: readonly TensorSpec[],
  batch: Batch,
): Promise<BatchResult> {
  const feeds: Record<string, Tensor> = {};
  const buffers: Record<string, ArrayBuffer> = {};
  for (const spec of inputs) {
    const data = batch.inputs[spec.name]!;
    feeds[spec.name] = new Tensor("float32", data, [batch.count, ...spec.shape.slice(1).map(Number)]);
    buffers[spec.name] = data.buffer;
  }
  const start = performance.now();
  const results = await session.run(feeds, batch.outputs);
  const computeMs = performance.now() - start;
  const outputs: Record<string, Float32Array> = {};
  for (const name of batch.outputs) outputs[name] = results[name]!.data as Float32Array;
  return { outputs, computeMs, buffers };
}
