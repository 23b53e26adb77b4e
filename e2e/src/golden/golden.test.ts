/**
 * Equal to the reference, or not Tandem: every case of the golden folder, through the libraries and through real servers.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "@jest/globals";
import { knownMisses } from "./known-misses.js";

const program = fileURLToPath(new URL("./main.js", import.meta.url));
const golden = (...sections: string[]) =>
  spawnSync(process.execPath, [program, ...sections], { encoding: "utf8", timeout: 600_000, maxBuffer: 1 << 26 });

/** Lines of cases that missed and may not. */
const misses = (stdout: string) =>
  stdout.split("\n").filter((line) => {
    const [, section, name, error] = /^MISS (\S+) (.*?)\s+(\S+) <= \S+$/.exec(line) ?? [];
    if (!line.startsWith("MISS")) return false;
    return !knownMisses.some(
      (known) => known.section === section && known.name.test(name!) && Number(error) <= known.bound,
    );
  });

it.each([
  "rng",
  "lists.json",
  "pickles",
  "network",
  "walk",
  "flops.json",
  "features/inception",
  "features/dinov2",
  "features/frechet_edge",
  "features/kid_pr",
  "metrics",
  "phema",
  "resize",
  "dataset",
  "toy",
  "sampler",
  "digits",
])(
  "equals the reference in %s",
  (section) => {
    const { stdout, stderr } = golden(section);
    expect({ misses: misses(stdout), stderr }).toEqual({ misses: [], stderr: "" });
    expect(stdout).toMatch(/^[1-9]\d* passed, \d+ failed\n$/m);
  },
  600_000,
);

it("fails when a named section has no case", () => {
  const { status, stdout } = golden("no-such-section");
  expect(status).toBe(1);
  expect(stdout).toContain("no-such-section: no case");
});
