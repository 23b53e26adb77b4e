/** A person looks at a few images before a run of days starts on them: they must be those of the dataset, each once. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import sharp from "sharp";
import { contactSheet } from "./contact-sheet.js";
import { type Dataset, openDataset } from "./dataset.js";
import { openDatasetWriter } from "./writing/dataset-writer.js";
import { encodePng } from "./writing/png.js";

let folder: string;
let dataset: Dataset;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sheet-"));
  const path = join(folder, "set.zip");
  const writer = await openDatasetWriter(path, { kind: "images", work: "plain colours" });
  for (let i = 0; i < 10; i++) {
    const data = new Uint8Array(2 * 2 * 3).map((_, at) => i * 20 + (at % 3));
    await writer.add([{ bytes: encodePng({ width: 2, height: 2, data }), shape: [3, 2, 2] }]);
  }
  await writer.finish();
  dataset = await openDataset(path);
});
afterEach(async () => {
  await dataset.close();
  await rm(folder, { recursive: true });
});

/** Red of the upper left pixel of every image, and green of the lower right one. */
async function corners(png: Buffer): Promise<[reds: number[], greens: number[]]> {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const cells = Array.from({ length: (info.width / 2) * (info.height / 2) }, (_, i) => i);
  const at = (i: number, dx: number, c: number) => {
    const [x, y] = [(i % (info.width / 2)) * 2 + dx, Math.floor(i / (info.width / 2)) * 2 + dx];
    return data[(y * info.width + x) * 3 + c]!;
  };
  return [cells.map((i) => at(i, 0, 0)), cells.map((i) => at(i, 1, 1))];
}

describe("a contact sheet", () => {
  it("shows as many images as fit, each once, the same ones for the same seed", async () => {
    const sheet = await contactSheet(dataset, { columns: 3, rows: 2, seed: 7n });
    expect(await sharp(sheet).metadata()).toMatchObject({ format: "png", width: 6, height: 4 });
    const [reds, greens] = await corners(sheet);
    expect(new Set(reds).size).toBe(6);
    expect(reds.every((red) => red % 20 === 0 && red < 200)).toBe(true);
    expect(greens).toEqual(reds.map((red) => red + 1));
    expect(await contactSheet(dataset, { columns: 3, rows: 2, seed: 7n })).toEqual(sheet);
    expect(await contactSheet(dataset, { columns: 3, rows: 2, seed: 8n })).not.toEqual(sheet);
  });

  it("shows all of a small dataset, and black behind", async () => {
    const [reds] = await corners(await contactSheet(dataset, { columns: 4, rows: 3 }));
    expect(reds.slice(0, 10).sort((a, b) => a - b)).toEqual([0, 20, 40, 60, 80, 100, 120, 140, 160, 180]);
    expect(reds.slice(10)).toEqual([0, 0]);
  });

  it("refuses what makes no sheet", async () => {
    for (const options of [{ columns: 0 }, { rows: 101 }, { columns: 1.5 }])
      await expect(contactSheet(dataset, options)).rejects.toMatchObject({ reason: "FIELD_INVALID" });
  });
});
