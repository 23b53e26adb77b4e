/** A stranger's first minutes: the README's two pieces of code, in a training loop that is not ours. */
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "@jest/globals";
import { readSafetensors, toFloat32 } from "@tandem/formats";
import { openSnapshot, PowerFunctionEma, parseSnapshotName, reconstruct } from "./index.js";

it("the README's example tracks, saves and reconstructs", async () => {
  const [loop, after] = [
    ...readFileSync(new URL("../README.md", import.meta.url), "utf8").matchAll(/```ts\n(.*?)```/gs),
  ];
  const folder = await mkdtemp(join(tmpdir(), "tandem-readme-"));
  const parameters = new Map([["w", new Float32Array(3)]]);
  const wanted = new PowerFunctionEma(parameters, [0.12]);
  const [batch, end, interval] = [1000, 800_000, 50_000];
  let steps = 0;
  const trainStep = (values: typeof parameters) => {
    if (steps > 0) wanted.update(values, { nimg: steps * batch, batch });
    steps++;
    values.get("w")!.set([steps / 100, Math.sin(steps / 50), 1]);
  };
  const known = { PowerFunctionEma, parameters, trainStep, batch, end, interval, folder };
  const tools = { readdir, join, openSnapshot, parseSnapshotName, reconstruct };
  const values = { ...known, ...tools };
  const script = new Function(
    ...Object.keys(values),
    `return (async () => {${loop![1]}${after![1]!.replace(")!", ")")} return solutions; })()`,
  );
  const [, solution] = (await script(...Object.values(values))) as { fitError: number }[];
  wanted.update(parameters, { nimg: end, batch });
  const { tensors } = await readSafetensors(join(folder, "phema-0.12.safetensors"));
  const made = toFloat32(tensors.get("w")!);
  for (const [i, value] of wanted.averages(0.12).get("w")!.entries())
    expect(Math.abs(made[i]! - value)).toBeLessThan(solution!.fitError * 8 + 0.005);
  await rm(folder, { recursive: true });
});
