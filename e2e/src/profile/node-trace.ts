/** @file Evaluations of a network under onnxruntime's own profiler. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OnnxModel } from "@tandem/graph";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { TraceEvent } from "./profile.js";

export interface TraceOptions {
  /** Samples of an evaluation. */
  readonly batch: number;
  /** Cores of an evaluation. */
  readonly threads: number;
  /** Evaluations that are timed, after a first one. */
  readonly runs: number;
}

/** What onnxruntime recorded. */
export interface NodeTrace {
  /** Nodes of the first evaluation: it plans the memory that the others take in one piece, so memory by node is its alone. */
  readonly first: readonly TraceEvent[];
  /** Nodes of the others, and the evaluations themselves. */
  readonly timed: readonly TraceEvent[];
}

/** Runs a network on the CPU, in this process, as the services do. */
export async function traceNodes(model: OnnxModel, { batch, threads, runs }: TraceOptions): Promise<NodeTrace> {
  const folder = await mkdtemp(join(tmpdir(), "tandem-profile-"));
  try {
    const session = await InferenceSession.create(model.protobuf, {
      executionProviders: ["cpu"],
      graphOptimizationLevel: "all",
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      externalData: [...model.externalData],
      extra: { session: { intra_op: { allow_spinning: "0" } } },
      enableProfiling: true,
      profileFilePrefix: join(folder, "run"),
      logSeverityLevel: 4,
    });
    const feeds = feedsOf(model, batch);
    for (let run = 0; run <= runs; run++) await session.run(feeds, ["denoised"]);
    session.endProfiling();
    await session.release();
    const [file] = await readdir(folder);
    return split(JSON.parse(await readFile(join(folder, file!), "utf8")) as TraceEvent[]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Numbers as noisy images, noise levels and labels have them: evenly spread over 0.1 to 1. */
function feedsOf({ inputs }: OnnxModel, batch: number): Record<string, Tensor> {
  const entries = inputs.map(({ name, shape }): [string, Tensor] => {
    const extents = [batch, ...shape.slice(1).map(Number)];
    const length = extents.reduce((a, b) => a * b, 1);
    const data = Float32Array.from({ length }, (_, i) => 0.1 + 0.9 * ((i * 0.6180339887) % 1));
    return [name, new Tensor("float32", data, extents)];
  });
  return Object.fromEntries(entries);
}

function split(events: readonly TraceEvent[]): NodeTrace {
  const start = events.filter(isEvaluation).sort((a, b) => a.ts - b.ts)[0];
  if (!start) throw new Error("onnxruntime's trace has no evaluations");
  const end = start.ts + start.dur;
  const spans = events.filter((event) => isNode(event) || isEvaluation(event));
  return {
    first: spans.filter((event) => isNode(event) && event.ts < end),
    timed: spans.filter(({ ts }) => ts >= end),
  };
}

/** A whole evaluation. */
export const isEvaluation = ({ cat, name }: TraceEvent): boolean => cat === "Session" && name === "model_run";

/** A node's kernel. */
export const isNode = ({ cat, name }: TraceEvent): boolean => cat === "Node" && name.endsWith(SUFFIX);

const SUFFIX = "_kernel_time";

/** The layer that a node belongs to, by its path in the network; onnxruntime's own changes of layout belong to none. */
export function layerOf({ name }: TraceEvent): string {
  const end = name.indexOf("/");
  if (end < 0) return "(layout and outputs)";
  return name.slice(0, end) || "(preconditioning)";
}
