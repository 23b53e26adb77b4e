/** @file `profile generate`: where the time of a guided generation goes, call by call, and how much memory each process takes. */
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { DomainError } from "@tandem/errors";
import { fileError } from "@tandem/formats";
import { Command } from "../command.js";
import { type ServiceProcess, Stack } from "../stack.js";
import type { Profiled, Row, Table } from "./profile.js";
import { histogram } from "./scrape.js";

const demo = fileURLToPath(new URL("../../../gateway/cli/demo", import.meta.url));

/** What is generated where the arguments do not say: the demo's pair, guided. */
const defaults = ["--guidance", "2", "--seeds", "0-7", "--steps", "8"];

/**
 * Generates with the command line's own `generate`, on a stack of its own: a server for each network, and a gateway.
 * @param args options of `tandem generate`; --net and --gnet are weights files, by default the demo's
 * @throws DomainError RESOURCE_NOT_FOUND for a file that is not there, FIELD_INVALID with the command's words for options that it refuses; Error when it fails
 */
export async function profileGenerate(args: readonly string[]): Promise<Profiled> {
  const { net, gnet, rest } = modelsOf(args);
  const folder = await mkdtemp(join(tmpdir(), "tandem-profile-"));
  try {
    for (const file of [net, gnet])
      await access(file).catch((error: unknown) => Promise.reject(fileError(file, error)));
    const config = join(folder, "gateway.yaml");
    await writeFile(config, "metrics:\n  listen: 127.0.0.1:0\n");
    const placement = { net: { net: resolve(net) }, gnet: { gnet: resolve(gnet) } };
    await using stack = await Stack.start(placement, { gatewayArgs: ["--config", config] });
    const models = ["--net", "servers/net/models/net", "--gnet", "servers/gnet/models/gnet"];
    const all = ["generate", "--server", stack.gateway.address, "--outdir", folder, ...defaults, ...rest, ...models];
    const start = performance.now();
    const { status, stderr } = await new Command(all).ended;
    if (status !== 0) throw failed(status, stderr);
    const processes = { gateway: stack.gateway, net: stack.server("net"), gnet: stack.server("gnet") };
    const tables = await tablesOf(processes, performance.now() - start);
    const subject = ["generate", ...(args.length > 0 ? args : ["the demo's pair"])].join(" ");
    return { profile: { subject, notes, tables }, traceEvents: [] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function failed(status: number | null, words: string): Error {
  const message = `tandem generate ended with ${status}: ${words.trim()}`;
  return status === USAGE ? new DomainError("FIELD_INVALID", message) : new Error(message);
}

/** Exit code of the command for what it cannot understand. */
const USAGE = 2;

const notes = [
  "Milliseconds, summed. Evaluations in progress at the same time all count, so sums may exceed the whole.",
  "queue: waiting for a batch or the device; compute: the batch; wire: what is left of a round trip, seen by the gateway.",
];

/** Takes the networks out of the arguments: the servers of the stack hold them. */
function modelsOf(args: readonly string[]): { net: string; gnet: string; rest: string[] } {
  const options = { net: { type: "string" }, gnet: { type: "string" } } as const;
  const { values, tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const models = tokens.filter((token) => token.kind === "option" && (token.name === "net" || token.name === "gnet"));
  const taken = new Set(
    models.flatMap((token) =>
      "inlineValue" in token && !token.inlineValue ? [token.index, token.index + 1] : [token.index],
    ),
  );
  const { net = join(demo, "net.safetensors"), gnet = join(demo, "gnet.safetensors") } = values;
  return { net: String(net), gnet: String(gnet), rest: args.filter((_, i) => !taken.has(i)) };
}

async function tablesOf(processes: Readonly<Record<string, ServiceProcess>>, wallMs: number): Promise<Table[]> {
  const calls: Row[] = [];
  const evaluations: Row[] = [];
  for (const [name, process] of Object.entries(processes)) {
    const text = await process.metrics();
    calls.push(...callRows(name, text));
    evaluations.push(...evaluationRows(text));
  }
  const peak = (process: ServiceProcess) => process.peakMemory() / 2 ** 20;
  const memory = Object.entries(processes).map(([name, process]) => ({ name, values: { "peak MiB": peak(process) } }));
  return [
    { title: "all", columns: ["ms"], rows: [{ name: "tandem generate", values: { ms: wallMs } }] },
    { title: "call", columns: ["ms", "calls", "queue", "compute", "wire"], rows: calls },
    {
      title: "evaluation, from the gateway",
      columns: ["ms", "evaluations", "queue", "compute", "wire"],
      rows: evaluations,
    },
    { title: "process", columns: ["peak MiB"], rows: memory },
  ];
}

/** Calls of a server by method: how long they took, and the parts that it knows. */
function callRows(server: string, text: string): Row[] {
  const parts = histogram(text, "tandem_call_seconds");
  return histogram(text, "grpc_server_handling_seconds").map(({ labels, sum, count }) => {
    const own = parts.filter(({ labels: { method } }) => method === labels.grpc_path);
    const values = Object.fromEntries(own.map((part) => [part.labels.part, part.sum * 1000]));
    const name = `${server} ${labels.grpc_path?.replace("/tandem.v1.", "")} ${labels.grpc_code}`;
    return { name, values: { ms: sum * 1000, calls: count, ...values } };
  });
}

/** Round trips of the gateway by server and model. */
function evaluationRows(text: string): Row[] {
  const parts = histogram(text, "tandem_evaluation_seconds");
  const nameOf = ({ labels: { server, model } }: (typeof parts)[number]) => `servers/${server}/${model}`;
  return [...Map.groupBy(parts, nameOf)].map(([name, own]) => {
    const values = Object.fromEntries(own.map(({ labels, sum }) => [labels.part!, sum * 1000]));
    const ms = own.reduce((total, { sum }) => total + sum * 1000, 0);
    return { name, values: { ms, evaluations: own[0]!.count, ...values } };
  });
}
