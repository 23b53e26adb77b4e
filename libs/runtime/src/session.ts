/** @file An onnxruntime session as the session thread uses it: created for one provider, run on whole batches. */
import { env, InferenceSession, Tensor } from "onnxruntime-node";
import { type Batch, type BatchResult, fixedBatch, sampleSize } from "./batch.js";
import { type ProviderChoice, providers } from "./providers.js";
import type { Specs } from "./self-check.js";

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
        // Threads that spin start the next operator sooner: 3 to 8 % of an evaluation of 30 million parameters, 20 % of 2
        // million. Between evaluations they must not burn the cores; while others use them too it costs up to a quarter.
        intra_op: { allow_spinning: "1" },
        force_spinning_stop: "1",
      },
    },
    ...(settings.profilePrefix && { enableProfiling: true, profileFilePrefix: settings.profilePrefix }),
  });
}

/**
 * Runs a batch. onnxruntime reads the inputs in place and returns each output in a fresh buffer of its own, so results can
 * be moved to another thread as they are. A graph of a fixed batch gets its last sample repeated, and the rest cut off.
 * @throws Error with onnxruntime's words, or naming the output that has not the size of its batch
 */
export async function runSession(
  session: InferenceSession,
  { inputs, outputs: specs }: Specs,
  batch: Batch,
): Promise<BatchResult> {
  const rows = fixedBatch(inputs) ?? batch.count;
  const feeds: Record<string, Tensor> = {};
  const buffers: Record<string, ArrayBuffer> = {};
  for (const spec of inputs) {
    const data = batch.inputs[spec.name]!;
    const size = sampleSize(spec);
    feeds[spec.name] = new Tensor("float32", filledUp(data, size, rows), [rows, ...spec.shape.slice(1).map(Number)]);
    buffers[spec.name] = data.buffer;
  }
  const start = performance.now();
  const results = await session.run(feeds, batch.outputs);
  const computeMs = performance.now() - start;
  const outputs: Record<string, Float32Array> = {};
  for (const spec of specs) {
    const data = results[spec.name]?.data as Float32Array | undefined;
    if (!data) continue; // nobody wants it
    const size = sampleSize(spec);
    if (data.length !== rows * size) throw new Error(`${spec.name} has ${data.length} numbers, not ${rows * size}`);
    outputs[spec.name] = data.subarray(0, batch.count * size);
  }
  return { outputs, computeMs, buffers };
}

function filledUp(data: Float32Array<ArrayBuffer>, sampleSize: number, rows: number): Float32Array<ArrayBuffer> {
  if (data.length === rows * sampleSize) return data;
  const filled = new Float32Array(rows * sampleSize);
  filled.set(data);
  for (let at = data.length; at < filled.length; at += sampleSize) filled.set(data.subarray(-sampleSize), at);
  return filled;
}
