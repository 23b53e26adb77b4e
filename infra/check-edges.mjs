// Which package may import which: dependencies point down, and nothing imports a service. Also: compute packages know neither
// Nest nor gRPC, no package reaches into another's folders, and every import is declared.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const compute = ["formats", "graph", "runtime", "networks", "diffusion", "datasets", "ema", "metrics"];
/** Allowed edges, package by package; `errors` is allowed everywhere. */
const allowed = {
  errors: [],
  contracts: [],
  formats: [],
  storage: ["formats"],
  graph: [],
  runtime: ["graph"],
  networks: ["graph", "formats", "runtime"],
  "network-messages": ["contracts", "networks"],
  diffusion: ["runtime"],
  datasets: ["formats", "graph", "runtime", "diffusion"],
  ema: ["formats"],
  metrics: ["formats"],
  rpc: ["contracts"],
  jobs: ["contracts", "rpc", "formats", "storage"],
  sampler: ["contracts", "network-messages", "rpc", "storage", ...compute],
  trainer: ["contracts", "network-messages", "rpc", "jobs", "storage", ...compute],
  "ema-reconstructor": ["contracts", "network-messages", "rpc", "jobs", "storage", ...compute],
  "dataset-builder": ["contracts", "network-messages", "rpc", "jobs", "storage", ...compute],
  "metric-evaluator": ["contracts", "rpc", "jobs", "storage", ...compute],
  "gateway-api": ["contracts", "rpc", "jobs", "storage", "diffusion"],
  cli: ["contracts", "rpc", "storage", ...compute],
  e2e: ["contracts", "rpc", "storage", "cli", ...compute],
};
const banned = { compute: /^(@nestjs\/|@grpc\/|nice-grpc|@tandem\/(contracts|rpc))/ };

const problems = [];
const folders = ["libs", "services", "gateway"].flatMap((top) =>
  readdirSync(join(root, top)).map((name) => join(top, name)),
);
for (const folder of [...folders, "e2e"]) {
  const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
  const name = manifest.name.replace("@tandem/", "");
  if (!allowed[name]) problems.push(`${folder}: no row in the table of allowed edges (infra/check-edges.mjs)`);
  const declared = { ...manifest.dependencies, ...manifest.devDependencies };
  for (const entry of readdirSync(join(root, folder, "src"), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue;
    const file = join(entry.parentPath, entry.name);
    if (file.includes("/generated/")) continue;
    const isTest = /\.test\.ts$|testing/.test(relative(root, file));
    const imports = /(?:\bfrom|^import)\s"([^".\s][^"\s]*)"|\bimport\("([^".\s][^"\s]*)"\)/gm;
    for (const [, plain, dynamic] of readFileSync(file, "utf8").matchAll(imports)) {
      const target = plain ?? dynamic;
      const at = `${relative(root, file)}: ${target}`;
      const [, own, path] = target.match(/^@tandem\/([^/]+)(\/.*)?$/) ?? [];
      if (own && own !== "errors" && !allowed[name]?.includes(own))
        problems.push(`${at}: ${name} may not import ${own}`);
      if (path && !["/testing", "/descriptors"].includes(path))
        problems.push(`${at}: only a package's face may be imported`);
      if (compute.includes(name) && banned.compute.test(target))
        problems.push(`${at}: compute knows neither Nest nor gRPC`);
      const dependency = target.startsWith("@") ? target.split("/").slice(0, 2).join("/") : target.split("/")[0];
      if (target.startsWith("node:") || declared[dependency] || isTest) continue;
      problems.push(`${at}: not in ${folder}/package.json`);
    }
  }
}
for (const problem of problems) console.error(problem);
console.log(`edges: ${folders.length + 1} packages, ${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
