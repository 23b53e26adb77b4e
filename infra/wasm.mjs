// Compiles every `assembly/*.ts` of a package (AssemblyScript) into `src/generated/<name>.wasm.ts`, whose one constant is the module
// in base64: what is committed runs without a compiler. Part of `npm run gen`. A source's first line may add the compiler's flags:
//   // asc: --enable threads --importMemory --sharedMemory --maximumMemory 65536
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const compiler = join(root, "node_modules/assemblyscript/bin/asc.js");
const scratch = mkdtempSync(join(tmpdir(), "tandem-wasm-"));

function compile(folder, file) {
  const name = file.replace(/\.ts$/, "");
  const source = join(folder, "assembly", file);
  const [, flags = ""] = /^\/\/ asc:(.*)/.exec(readFileSync(source, "utf8")) ?? [];
  const binary = join(scratch, `${name}.wasm`);
  const fixed = ["--outFile", binary, "-O3", "--noAssert", "--runtime", "stub", "--enable", "simd"];
  const args = [compiler, source, ...fixed, ...flags.trim().split(/\s+/).filter(Boolean)];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
  const generated = join(root, folder, "src/generated");
  mkdirSync(generated, { recursive: true });
  const constant = name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
  const text = `// Code generated from assembly/${file}. DO NOT EDIT.\nexport const ${constant} =\n  "${readFileSync(binary).toString("base64")}";\n`;
  writeFileSync(join(generated, `${name}.wasm.ts`), text);
}

try {
  for (const top of ["libs", "services"]) {
    for (const name of readdirSync(join(root, top)).sort()) {
      const folder = join(top, name);
      if (!existsSync(join(root, folder, "assembly"))) continue;
      for (const file of readdirSync(join(root, folder, "assembly")).sort())
        if (file.endsWith(".ts")) compile(folder, file);
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
