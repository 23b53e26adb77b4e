/** The curve of a run that was killed and resumed must be one curve: no point twice, no half a line. */
import { appendFile, readFile } from "node:fs/promises";
import { expect, it } from "@jest/globals";
import { scratch } from "../testing/draft.js";
import { Journal } from "./journal.js";
import { kimgStem, RunFolder } from "./run-folder.js";
import { Tick } from "./tick.js";

it("statuses after the checkpoint are forgotten when the run goes on from it", async () => {
  await using place = await scratch();
  const folder = new RunFolder(place.path, kimgStem);
  const journal = new Journal(folder);
  const tick = new Tick();
  for (const done of [64, 128, 192]) {
    tick.add({ lossSum: 30, lossCount: 10, learningRate: 0.01, emaBetas: [0.5], nonfiniteGradients: 2 }, 64);
    await journal.status(tick.take({ done, tick: done / 64, runSeconds: done })!);
  }
  await appendFile(folder.stats, '{"nimg":256,"ti');
  await journal.rewind(128);
  const lines = (await readFile(folder.stats, "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.map(({ nimg }) => nimg)).toEqual([64, 128]);
  expect(lines[1]).toMatchObject({ tick: 2, loss: 3, learningRate: 0.01, nonfiniteGradients: 2, runSeconds: 128 });
  expect(await readFile(folder.log, "utf8")).toContain("nimg 192");
});
