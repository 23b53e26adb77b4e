/**
 * Machines are preempted, and people close laptops. Killed by SIGKILL at any moment, a conversion that is run again goes on, and its
 * dataset is byte for byte that of one which nobody disturbed. Nothing here is simulated: a process is killed, 20 times.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";

const COUNT = 1300;
const KILLS = 20;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "killed-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Converts pictures that follow from their number, some of them bad, a little slowly. Prints what it read. */
const program = (output: string) => `
  import { convertDataset } from ${JSON.stringify(new URL("../index.js", import.meta.url).href)};
  const names = Array.from({ length: ${COUNT} }, (_, i) => String(i).padStart(5, "0"));
  const source = {
    path: "numbers", names, labels: names.map((_, i) => i % 7), close: async () => {},
    read: async (i) => {
      process.stdout.write(i + "\\n");
      await new Promise((resolve) => setTimeout(resolve, 1));
      const side = i % 100 === 50 ? 24 : 16;
      return { width: side, height: side, data: new Uint8Array(side * side * 3).map((_, at) => i * 31 + at) };
    },
  };
  const report = await convertDataset(source, ${JSON.stringify(output)}, { workers: 2, skipBad: true });
  process.stdout.write(JSON.stringify(report) + "\\n");
`;

/** Runs it; kills it after so many lines. @returns what it printed, or undefined when it was killed */
function run(output: string, killAfter = Number.POSITIVE_INFINITY): Promise<string[] | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", program(output)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk;
      if (text.split("\n").length > killAfter) child.kill("SIGKILL");
    });
    child.on("close", (code, signal) => {
      if (signal === "SIGKILL") resolve(undefined);
      else if (code === 0) resolve(text.trim().split("\n"));
      else reject(new Error(`the conversion ended with code ${code}`));
    });
  });
}

async function content(path: string): Promise<Map<string, Buffer>> {
  if (path.endsWith(".zip")) return new Map([["", await readFile(path)]]);
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(await Promise.all(files.sort().map(async (f) => [f.slice(path.length), await readFile(f)] as const)));
}

describe.each([["set.zip"], ["set"]])("a conversion to %s", (name) => {
  it("that was killed again and again ends as if nothing had been", async () => {
    const [whole, path] = [join(folder, `whole-${name}`), join(folder, name)];
    await run(whole);
    let kills = 0;
    let lines: string[] | undefined;
    // About as many lines as a KILLS-th of the work, at random: so all of it is hit.
    while (!lines) {
      const after = kills < KILLS ? 1 + Math.floor(Math.random() * 2 * (COUNT / (KILLS + 2))) : undefined;
      lines = await run(path, after);
      if (!lines) {
        kills++;
        expect(existsSync(path)).toBe(false);
      }
    }
    const report = JSON.parse(lines.at(-1)!);
    expect(kills).toBeGreaterThan(KILLS / 2);
    expect(report).toMatchObject({ count: COUNT - COUNT / 100, skippedCount: COUNT / 100 });
    expect(report.resumed).toBeGreaterThan(0);
    // What was done is not read again.
    expect(lines.length - 1).toBeLessThan(COUNT);
    expect(Number(lines[0])).toBeGreaterThan(report.resumed - 1);
    expect(await readdir(folder)).toEqual([name, `whole-${name}`]);
    const [ours, expected] = [await content(path), await content(whole)];
    expect([...ours.keys()]).toEqual([...expected.keys()]);
    for (const [file, bytes] of expected) expect(ours.get(file)!.equals(bytes)).toBe(true);
  }, 240_000);
});
