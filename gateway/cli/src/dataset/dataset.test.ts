/** What a person does with a folder of pictures before a training: looks at it, and hears what is wrong. */
import { mkdir, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "@jest/globals";
import sharp from "sharp";
import { Workspace } from "../testing/run-tandem.js";

let place: Workspace;
beforeAll(async () => {
  place = await Workspace.make();
  for (const [i, name] of ["ant", "bee"].entries()) {
    await mkdir(place.path("good", name), { recursive: true });
    for (let k = 0; k < 3; k++) await writeFile(place.path("good", name, `${k}.png`), await png(30 * k + i));
  }
  await mkdir(place.path("bad"));
  await writeFile(place.path("bad", "0.png"), await png(1));
  await writeFile(place.path("bad", "1.png"), "no image, though its name says so, and it is long enough");
});
afterAll(async () => place[Symbol.asyncDispose]());

const png = (red: number) =>
  sharp({ create: { width: 16, height: 16, channels: 3, background: { r: red, g: 100, b: 200 } } })
    .png()
    .toBuffer();
const tandem = (text: string) => place.run(["dataset", ...text.split(" ")]);

it("inspects a dataset at a glance, and thoroughly", async () => {
  const { code, stdout } = await tandem("inspect --source good");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^dataset +good\nimages +6, 16x16, 3 channels\nfiles .*\nlabels +2 classes of 3 images\n/);
  expect(stdout).toMatch(/problems +none \(quick look\)\nclass +name +images\n0 +ant +3\n1 +bee +3\n$/);
  const thorough = await tandem("inspect --source good --thorough --json");
  expect(JSON.parse(thorough.stdout)).toMatchObject({ source: "good", images: 6, labels: { names: ["ant", "bee"] } });
  expect(thorough.stderr).toMatch(/inspect: 6\/6 files/);
});

it("shows what is wrong, and in which file", async () => {
  const { code, stdout } = await tandem("inspect --source bad");
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/problems +1, 1 of which.*\n(.*\n)*unreadable +1\.png +is not a PNG/),
  ]);
});

it.each<[string, number, RegExp]>([
  ["inspect", 2, /--source is missing/],
  ["inspect --source nowhere", 3, /--source: there is no file or folder nowhere/],
  ["inspect --source bad/1.png", 1, /not a ZIP archive/],
])("refuses %s", async (command, code, message) => {
  const outcome = await tandem(command);
  expect({ ...outcome, stderr: "" }).toEqual({ code, stdout: "", stderr: "" });
  expect(outcome.stderr).toMatch(message);
});
