/** @file Entry of the probe: tries every provider of this onnxruntime on one convolution and reports each over IPC. */
import { Graph, toOnnx } from "@tandem/graph";
import { listSupportedBackends } from "onnxruntime-node";
import { newModelFolder, writeModelFiles } from "./model-files.js";
import type { ProbeReport } from "./provider-probe.js";
import { type ProviderName, providers } from "./providers.js";
import { reasonOf } from "./refusal.js";
import { checkBatch } from "./self-check.js";
import { createSession, runSession } from "./session.js";

const CHANNELS = 64;
const EXTENT = 64;
const RUNS = 3;

/** A 3x3 convolution of 64 channels at 64x64: enough work that the time says which device is faster. */
async function convolution() {
  const graph = new Graph();
  const x = graph.input("x", ["N", CHANNELS, EXTENT, EXTENT]);
  const w = graph.constant(new Float32Array(CHANNELS * CHANNELS * 9).fill(0.01), [CHANNELS, CHANNELS, 3, 3]);
  graph.output("y", graph.conv(x, w));
  return toOnnx(graph);
}

async function probe(name: ProviderName): Promise<ProbeReport> {
  try {
    const model = await convolution();
    await using files = await writeModelFiles(model, await newModelFolder());
    const session = await createSession(files.path, { name, index: 0 }, { threads: 0, isStrict: name !== "cpu" });
    let computeMs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < RUNS; i++) {
      computeMs = Math.min(computeMs, (await runSession(session, model, checkBatch(model))).computeMs);
    }
    return { provider: name, computeMs };
  } catch (error) {
    return { provider: name, reason: reasonOf(error) };
  }
}

const bundled = new Set(listSupportedBackends().map(({ name }) => name));
const others = (Object.keys(providers) as ProviderName[]).filter((name) => name !== "cpu" && bundled.has(name));
// The CPU first: it is what the others are measured against, also when one of them ends this process.
for (const name of ["cpu", ...others] as const) {
  const report = await probe(name);
  await new Promise((resolve) => process.send!(report, resolve));
}
process.disconnect();
