/** @file `npm run bench [-- name...] [--json]`: what Tandem costs over the bare network, as ratios within one run. */
import { parseArgs } from "node:util";
import { benchmarks } from "./benchmarks.js";
import type { Measurement } from "./measure.js";

const HELP = `npm run bench -- [name...] [--json]

Measures on this machine, each against a peer in the same run, and prints ratios. Not a test: the exit code is 0 whatever
holds. Without names: all. --json prints one object a line: name, value, unit, ratio, aim, holds, note.

Benchmarks: ${Object.keys(benchmarks).join(", ")}
Example: npm run bench -- startup --json`;

const { values, positionals } = parseArgs({
  options: { json: { type: "boolean" }, help: { type: "boolean" } },
  allowPositionals: true,
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const unknown = positionals.filter((name) => !Object.hasOwn(benchmarks, name));
if (unknown.length > 0) {
  console.error(`unknown benchmark ${unknown.join(", ")}; one of ${Object.keys(benchmarks).join(", ")}`);
  process.exit(2);
}

function print(measurement: Measurement): void {
  if (values.json) {
    console.log(JSON.stringify(measurement));
    return;
  }
  const { name, value, unit, ratio, aim, holds, note } = measurement;
  const ratioText = ratio === undefined ? "" : `ratio ${ratio.toFixed(3)}  `;
  console.log(`${holds ? "ok  " : "MISS"} ${name.padEnd(44)} ${value.toFixed(3)} ${unit}  ${ratioText}(${aim})`);
  if (note) console.log(`     ${note}`);
}

for (const [name, benchmark] of Object.entries(benchmarks)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  for await (const measurement of benchmark()) print(measurement);
}
process.exit(0);
