/** @file `profile network`: which operators and layers of a network take the time. */
import { publishedArchitecture, publishedNames } from "@tandem/cli";
import { DomainError } from "@tandem/errors";
import { buildDenoiser, countCost, type Network, type NetworkCost, randomNetwork, readNetwork } from "@tandem/networks";
import { isEvaluation, isNode, layerOf, type NodeTrace, type TraceOptions, traceNodes } from "./node-trace.js";
import type { Profiled, Row, TraceEvent } from "./profile.js";

/** What the count calls the operations that these operators of onnxruntime do. */
const counted: Readonly<Record<string, string>> = { Conv: "conv", Gemm: "linear", MatMul: "matmul" };

const MIB = 2 ** 20;

/**
 * Profiles a network.
 * @param net path of a weights file, or a published name, which gets random weights
 * @throws DomainError RESOURCE_NOT_FOUND for neither; what reading a file says
 */
export async function profileNetwork(net: string, options: TraceOptions): Promise<Profiled> {
  const network = await networkOf(net);
  const trace = await traceNodes(await buildDenoiser(network), options);
  const cost = countCost(network.config);
  const fastestMs = Math.min(...trace.timed.filter(isEvaluation).map(({ dur }) => dur / 1000));
  const multiplyAdds = stepsOfRun(cost).reduce((sum, step) => sum + step.multiplyAdds, 0);
  const columns = ["ms", "share %", "GFLOP/s", "MiB"];
  const fastest: Row = {
    name: "fastest evaluation",
    values: {
      ms: fastestMs,
      "GFLOP/s": gigaFlops(multiplyAdds, options.batch, fastestMs),
      MiB: process.resourceUsage().maxRSS / 1024,
    },
  };
  const profile = {
    subject: `network ${net}, batch ${options.batch}, ${options.threads} threads`,
    notes: [
      `Means of ${options.runs} evaluations. GFLOP/s: two for a counted multiply-add; - where none is counted.`,
      "MiB: most that onnxruntime has allocated when a node ends; of all: peak memory of this process, building included.",
    ],
    tables: [
      { title: "all", columns: ["ms", "GFLOP/s", "MiB"], rows: [fastest] },
      { title: "operator", columns, rows: rows(trace, operatorOf, costOfOperators(cost), options) },
      { title: "layer", columns, rows: rows(trace, layerOf, costOfLayers(cost), options) },
    ],
  };
  return { profile, traceEvents: trace.timed.map(slim) };
}

async function networkOf(net: string): Promise<Network> {
  if (/\.(safetensors|pkl)$/.test(net)) return readNetwork(net);
  const config = publishedArchitecture(net);
  if (config) return randomNetwork(config, 0);
  throw new DomainError(
    "RESOURCE_NOT_FOUND",
    `${net} is no weights file (.safetensors, .pkl) and none of ${publishedNames}`,
  );
}

/** Operators that onnxruntime has fused with what follows them are the same to the count. */
const operatorOf = ({ args }: TraceEvent): string => String(args.op_name).replace(/^Fused/, "");

/** What is folded when a network is built takes no time when it runs. */
const stepsOfRun = ({ steps }: NetworkCost) => steps.filter(({ operation }) => operation !== "parameter");

function costOfLayers(cost: NetworkCost): (layer: string) => number {
  const sums = new Map<string, number>();
  for (const { layer, multiplyAdds } of stepsOfRun(cost)) {
    const name = layer || "(preconditioning)";
    sums.set(name, (sums.get(name) ?? 0) + multiplyAdds);
  }
  return (layer) => sums.get(layer) ?? 0;
}

function costOfOperators({ operations }: NetworkCost): (operator: string) => number {
  return (operator) => operations[counted[operator] ?? ""] ?? 0;
}

/** Groups nodes; slowest group first. */
function rows(
  { first, timed }: NodeTrace,
  groupOf: (node: TraceEvent) => string,
  costOf: (group: string) => number,
  { runs, batch }: TraceOptions,
): Row[] {
  const nodes = timed.filter(isNode);
  const memory = Map.groupBy(first, groupOf);
  const total = nodes.reduce((sum, { dur }) => sum + dur, 0);
  return [...Map.groupBy(nodes, groupOf)]
    .map(([name, members]) => {
      const duration = members.reduce((sum, { dur }) => sum + dur, 0);
      const ms = duration / 1000 / runs;
      const cost = costOf(name);
      const values = {
        ms,
        "share %": (100 * duration) / total,
        MiB: Math.max(...memory.get(name)!.map(memoryOf)) / MIB,
      };
      return { name, values: cost > 0 ? { ...values, "GFLOP/s": gigaFlops(cost, batch, ms) } : values };
    })
    .sort((a, b) => b.values.ms - a.values.ms);
}

const gigaFlops = (multiplyAdds: number, batch: number, ms: number): number => (2 * multiplyAdds * batch) / ms / 1e6;

const memoryOf = ({ args }: TraceEvent): number => Number(args.mem_bytes_in_use ?? 0);

/** A node's statistics of threads are as long as all the rest, and no viewer shows them. */
function slim({ args: { thread_scheduling_stats: _, ...args }, ...event }: TraceEvent): TraceEvent {
  return { ...event, args };
}
