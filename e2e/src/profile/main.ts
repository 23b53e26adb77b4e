/** @file `npm run profile -- network|generate ...`: where time and memory go, and what has changed since the last time. */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { publishedNames } from "@tandem/cli";
import { DomainError, invalid } from "@tandem/errors";
import { profileGenerate } from "./generate.js";
import { ProfileHistory } from "./history.js";
import { profileNetwork } from "./network.js";
import { printed } from "./print.js";
import type { Profiled } from "./profile.js";

const HELP = `npm run profile -- network NET [--batch N] [--threads N] [--runs N]
npm run profile -- generate [options of tandem generate]

network   evaluates a network under onnxruntime's profiler: time, share, GFLOP/s and memory by operator and by layer. NET is a
          weights file (.safetensors, .pkl), or a published name, which gets random weights: ${publishedNames}.
          --batch samples of an evaluation (default 1), --threads cores (default all), --runs evaluations (default 5)
generate  guided generation through a gateway and a server for each network: time by call and by part (queue, compute, wire),
          peak memory by process. --net and --gnet are weights files (default: the demo's pair)

Prints the change against the last profile of the same, and writes a JSON file to out/profile; that of a network opens in
chrome://tracing and Perfetto.

Examples: npm run profile -- network edm2-img512-xs --batch 4
          npm run profile -- generate --seeds 0-15 --steps 16`;

function network(args: string[]): Promise<Profiled> {
  const number = { type: "string" } as const;
  const options = { batch: number, threads: number, runs: number };
  const { values, positionals } = parsed(() => parseArgs({ args, options, allowPositionals: true }));
  const [net, ...more] = positionals;
  if (net === undefined || more.length > 0)
    throw invalid("NET", positionals.join(" "), "one weights file or published name");
  return profileNetwork(net, {
    batch: count("--batch", values.batch, 1),
    threads: count("--threads", values.threads, availableParallelism()),
    runs: count("--runs", values.runs, 5),
  });
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new DomainError("FIELD_INVALID", `${(cause as Error).message}; --help lists the options`, { cause });
  }
}

function count(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 4096) throw invalid(name, text, "a whole number from 1 to 4096");
  return value;
}

const commands: Readonly<Record<string, (args: string[]) => Promise<Profiled>>> = {
  network,
  generate: profileGenerate,
};

async function main([name = "", ...args]: string[]): Promise<void> {
  if (name === "" || [name, ...args].includes("--help")) return console.log(HELP);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) throw invalid("the command", name, Object.keys(commands).join(" or "));
  const profiled = await command(args);
  const history = new ProfileHistory(fileURLToPath(new URL("../../../out/profile", import.meta.url)));
  const { profile } = profiled;
  console.log(printed(profile, await history.last(profile.subject)));
  console.log(`\n${await history.save(profiled)}`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof DomainError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
