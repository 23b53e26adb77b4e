// Lines of code by package, source and tests apart, compared with another revision: a report, never a target.
//   npm run size [-- REVISION]     default: HEAD
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

const revision = process.argv[2] ?? "HEAD";
const git = (...args) => execFileSync("git", args, { encoding: "utf8", maxBuffer: 1 << 28 });
const isCode = (path) => /\.(ts|tsx|mjs|py|proto)$/.test(path) && !path.includes("/generated/");
const packageOf = (path) =>
  path
    .split("/")
    .slice(0, /^(libs|services|gateway)\//.test(path) ? 2 : 1)
    .join("/");
const kindOf = (path) => (/\.test\.ts$|^e2e\//.test(path) ? "tests" : "source");
const codeLines = (text) => text.split("\n").filter((line) => line.trim() && !/^\s*(\/\/|\/?\*)/.test(line)).length;

function count(paths, read) {
  const totals = new Map();
  for (const path of paths.filter(isCode)) {
    const row = totals.get(packageOf(path)) ?? { source: 0, tests: 0 };
    row[kindOf(path)] += codeLines(read(path));
    totals.set(packageOf(path), row);
  }
  return totals;
}
const now = count(git("ls-files", "-co", "--exclude-standard").split("\n").filter(existsSync), (path) =>
  readFileSync(path, "utf8"),
);
const before = count(git("ls-tree", "-r", "--name-only", revision).split("\n"), (path) =>
  git("show", `${revision}:${path}`),
);
console.table(
  Object.fromEntries(
    [...now].sort().map(([name, { source, tests }]) => {
      const old = before.get(name) ?? { source: 0, tests: 0 };
      return [name, { source, tests, "source +/-": source - old.source, "tests +/-": tests - old.tests }];
    }),
  ),
);
