/** @file `node e2e/dist/conformance/main.js HOST:PORT`: does this server keep the contract? */
import { parseArgs } from "node:util";
import { checks } from "./checks.js";
import { contextOf } from "./context.js";
import { outcomeOf } from "./outcome.js";
import { describe } from "./refused.js";

const HELP = `node e2e/dist/conformance/main.js HOST:PORT [--model NAME] [--golden FOLDER] [--json]

Checks a running model server, in any language, against the contract; it is called through gRPC alone. One line a check: ok,
FAIL or "not served" (optional, or the model has no such thing). Exit code 1 when a check fails.

  --model NAME     the denoiser to call, e.g. models/net; default: the first that is ready
  --golden FOLDER  inputs and outputs of this very network: io.safetensors as in e2e/golden/network/cond
  --json           one JSON object a line: {check, level, status, why}

Example: node e2e/dist/conformance/main.js localhost:50051 --model models/net`;

const { values, positionals } = parseArgs({
  options: {
    model: { type: "string" },
    golden: { type: "string" },
    json: { type: "boolean" },
    help: { type: "boolean" },
  },
  allowPositionals: true,
});
const [address, ...more] = positionals;
if (values.help || !address || more.length > 0) {
  console.log(HELP);
  process.exit(values.help ? 0 : 2);
}

using context = await contextOf({ address, model: values.model, golden: values.golden }).catch((error: unknown) => {
  console.error(describe(error));
  process.exit(1);
});
const totals = { ok: 0, FAIL: 0, "not served": 0 };
for (const check of checks) {
  const { status, why } = await outcomeOf(check, context);
  totals[status]++;
  if (values.json) console.log(JSON.stringify({ check: check.name, level: check.level, status, why }));
  else console.log(`${status.padEnd(10)} ${check.name}${why ? `\n${" ".repeat(11)}${why}` : ""}`);
}
if (!values.json)
  console.log(`${context.model.name}: ${totals.ok} ok, ${totals.FAIL} failed, ${totals["not served"]} not served`);
process.exitCode = totals.FAIL > 0 ? 1 : 0;
