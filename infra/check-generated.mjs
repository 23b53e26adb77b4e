// Generates code from proto/ and from the packages' assembly/ into place and fails, with the difference, when that is not what is committed.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const generated = ["libs/*/src/generated", "services/*/src/generated", "libs/contracts/descriptors.binpb"];

/** Runs a command in the repository's root and gives its standard output; ends the process when it fails. */
function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (error) throw error;
  if (status === 0) return stdout;
  process.stderr.write(`${stdout}${stderr}`);
  process.exit(status ?? 1);
}

run(process.execPath, ["infra/run.mjs", "gen"]);
const changed = run("git", ["status", "--porcelain", "--untracked-files=all", "--", ...generated]);
if (changed !== "") {
  process.stdout.write(run("git", ["diff", "HEAD", "--", ...generated]));
  console.error(
    `\nGenerated code is not that of its sources:\n${changed}\nRepair: npm run gen, and commit what it changes.`,
  );
  process.exit(1);
}
console.log("Generated code is that of its sources.");
