/** @file `npm run golden -- [section...]`: compares with the reference whatever stands in the golden folder. */
import { readdirSync } from "node:fs";
import { parseArgs } from "node:util";
import type { GoldenCase } from "./case.js";
import { checks } from "./checks.js";
import { GoldenFolder, goldenRoot } from "./folder.js";

const HELP = `npm run golden -- [section...]

Compares with the reference every case in the folder named by TANDEM_GOLDEN (default: the copy in e2e/golden).
A section is a folder or file of it, such as network, network/cond or flops.json. One line a case: name, error, tolerance.
Exit code 1 when a case misses its tolerance or a named section has no case.

Example: npm run golden -- network walk/cond`;

const { values, positionals } = parseArgs({ options: { help: { type: "boolean" } }, allowPositionals: true });
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const folder = new GoldenFolder(goldenRoot());
const sections = positionals.map((section) => {
  const name = section.replace(/\/+$/, "");
  return Object.hasOwn(checks, `${name}.json`) ? `${name}.json` : name;
});
/** Whether a section is another, or one of its parts. */
const isWithin = (section: string, whole: string) => section === whole || section.startsWith(`${whole}/`);
const wanted = (section: string) => sections.length === 0 || sections.some((name) => isWithin(section, name));

let passed = 0;
let failed = 0;
const found = new Set<string>();

async function report(golden: GoldenCase): Promise<void> {
  found.add(golden.section);
  const label = `${golden.section} ${golden.name}`.padEnd(72);
  try {
    const { error, tolerance } = await golden.run();
    const holds = error <= tolerance;
    holds ? passed++ : failed++;
    console.log(`${holds ? "ok  " : "MISS"} ${label} ${error.toExponential(2)} <= ${tolerance.toExponential(0)}`);
  } catch (error) {
    failed++;
    console.log(`MISS ${label} ${error instanceof Error ? error.message : error}`);
  }
}

for (const [name, check] of Object.entries(checks)) {
  const related =
    sections.length === 0 || sections.some((section) => isWithin(section, name) || isWithin(name, section));
  if (!folder.has(name) || !related) continue;
  for await (const golden of check(folder)) if (wanted(golden.section)) await report(golden);
}
for (const section of sections) {
  if ([...found].some((name) => isWithin(name, section))) continue;
  failed++;
  console.log(`MISS ${section}: no case in ${folder.root}`);
}
if (sections.length === 0) {
  const unchecked = readdirSync(folder.root).filter(
    (name) => !name.endsWith(".md") && !Object.keys(checks).some((check) => isWithin(check, name)),
  );
  if (unchecked.length > 0) console.log(`not compared (no check for it yet): ${unchecked.join(", ")}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
