// Fails when proto/ breaks callers of the last state of main: where this branch left it; on main itself HEAD, or the commit
// before it when nothing in proto/ is uncommitted.
// Compared are built descriptors, which are committed: unlike the sources of that state they need no packages to resolve imports.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const descriptors = "libs/contracts/descriptors.binpb";

/** Output of a git command, or undefined when it fails. */
function git(...args) {
  const { status, stdout } = spawnSync("git", args, {
    cwd: root,
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "ignore"],
  });
  return status === 0 ? stdout : undefined;
}
const commit = (...args) =>
  git(...args)
    ?.toString()
    .trim() || undefined;

/** The commit to compare with. */
function lastStateOfMain() {
  const head = commit("rev-parse", "HEAD");
  for (const main of ["origin/main", "main", "origin/master", "master"]) {
    const base = commit("merge-base", "HEAD", main);
    if (base && base !== head) return base;
  }
  if (git("diff", "--quiet", "HEAD", "--", "proto") === undefined) return head; // not committed yet: HEAD is the last state
  return commit("rev-parse", "--verify", "--quiet", "HEAD~1");
}

function pass(reason) {
  console.log(`Breaking changes not checked: ${reason}.`);
  process.exit(0);
}

function buf(...args) {
  return spawnSync(join(root, "node_modules/.bin/buf"), args, { cwd: root, stdio: "inherit" }).status ?? 1;
}

const base = lastStateOfMain();
if (!base) pass("there is no earlier commit here (not a git repository, or its history was cut off)");
const before = git("show", `${base}:${descriptors}`);
if (!before) pass(`${base.slice(0, 9)} has no contract`);

const folder = mkdtempSync(join(tmpdir(), "tandem-breaking-"));
let status;
try {
  const earlier = join(folder, "earlier.binpb");
  const now = join(folder, "now.binpb");
  writeFileSync(earlier, before);
  status =
    buf("build", "-o", now) ||
    buf("breaking", now, "--against", earlier, "--config", '{"version":"v2","breaking":{"use":["FILE"]}}');
} finally {
  rmSync(folder, { recursive: true });
}
console.log(
  status === 0 ? `proto/ breaks nothing of ${base.slice(0, 9)}.` : `proto/ breaks callers of ${base.slice(0, 9)}.`,
);
process.exit(status);
