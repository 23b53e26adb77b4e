/**
 * @file Conversion of photographs to ImageNet's 64x64 and 256x256, against the same by Pillow in the same run, each on one core; and
 * what the second core adds.
 */
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { type Measurement, median } from "./measure.js";

/** So many that the start of threads does not count, of which so many differ. Pillow, which starts none, needs fewer. */
const [IMAGES, DISTINCT, OF_PILLOW] = [3600, 100, 900];
const ROUNDS = 3;
/** Images per second by Pillow on an idle core of the machine that the aims were set on, by size. */
const IDLE_PILLOW = { 64: 334, 256: 154 } as const;
const OURS = fileURLToPath(new URL("./convert-once.js", import.meta.url));
const PILLOW = fileURLToPath(new URL("../../src/bench/convert_pillow.py", import.meta.url));
/** Noise of all scales, in pixels, and how much of each. */
const LAYERS = [
  [100, 0.34],
  [25, 0.26],
  [6, 0.18],
  [2, 0.12],
  [1, 0.1],
] as const;
/** Python with Pillow: this, or whatever is called python3. */
const PYTHON = process.env.TANDEM_BENCH_PYTHON ?? "python3";

export async function* convert(): AsyncGenerator<Measurement> {
  const folder = await mkdtemp(join(tmpdir(), "tandem-bench-convert-"));
  try {
    const source = join(folder, "source");
    await writePhotographs(source);
    const pillow = pillowVersion();
    for (const size of [64, 256] as const) yield* ofSize(source, folder, size, pillow);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function* ofSize(source: string, folder: string, size: 64 | 256, pillow: string | undefined): Generator<Measurement> {
  const rates = { one: [] as number[], two: [] as number[], pillow: [] as number[] };
  const run = (command: string, args: string[], cores: string) =>
    imagesPerSecond(cores, command, [...args, source, join(folder, "out.zip"), String(size)]);
  for (let round = 0; round < ROUNDS; round++) {
    rates.one.push(run(process.execPath, [OURS, "1"], "0"));
    if (pillow) rates.pillow.push(run(PYTHON, [PILLOW, String(OF_PILLOW)], "0"));
    rates.two.push(run(process.execPath, [OURS, "2"], "0,1"));
  }
  const name = `convert ${IMAGES} JPEGs of 500x400 to ${size}x${size}`;
  const one = median(rates.one);
  const idle = IDLE_PILLOW[size];
  if (pillow) {
    const ratio = median(rates.one.map((rate, i) => rate / rates.pillow[i]!));
    const note = `Pillow ${pillow}: ${median(rates.pillow).toFixed(0)} images/s; on an idle core ${idle}`;
    yield {
      name: `${name}, one core`,
      value: one,
      unit: "images/s",
      ratio,
      aim: "ratio >= 2",
      holds: ratio >= 2,
      note,
    };
  } else {
    const note = `not compared: ${PYTHON} has no Pillow; on an idle core it makes ${idle} images/s`;
    const aim = `value >= ${2 * idle}`;
    yield { name: `${name}, one core`, value: one, unit: "images/s", aim, holds: one >= 2 * idle, note };
  }
  const ratio = median(rates.two.map((rate, i) => rate / rates.one[i]!));
  yield {
    name: `${name}, two cores`,
    value: median(rates.two),
    unit: "images/s",
    ratio,
    aim: "ratio >= 1.8 to one core",
    holds: ratio >= 1.8,
  };
}

/** The version of Pillow, when it is there. */
function pillowVersion(): string | undefined {
  const { status, stdout } = spawnSync(PYTHON, ["-c", "import PIL; print(PIL.__version__)"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** Runs a program that prints a rate, on some cores where the system can bind it to them. */
function imagesPerSecond(cores: string, command: string, args: string[]): number {
  const bound = spawnSync("taskset", ["-c", cores, "true"]).status === 0;
  const [program, all] = bound ? ["taskset", ["-c", cores, command, ...args]] : [command, args];
  const { status, stdout, stderr } = spawnSync(program, all, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`);
  return Number(stdout);
}

/** Pictures with the detail of photographs, about 110 KB each. */
async function writePhotographs(folder: string): Promise<void> {
  await mkdir(folder);
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  for (let i = 0; i < DISTINCT; i++) {
    const pixels = new Uint8Array(500 * 400 * 3);
    for (const [scale, weight] of LAYERS) {
      const [width, height] = [Math.ceil(500 / scale), Math.ceil(400 / scale)];
      const noise = Buffer.alloc(width * height * 3).map(() => 255 * random());
      const small = sharp(noise, { raw: { width, height, channels: 3 } });
      const layer = await small.resize(500, 400, { fit: "fill", kernel: "cubic" }).raw().toBuffer();
      for (let at = 0; at < pixels.length; at++) pixels[at]! += layer[at]! * weight;
    }
    const jpeg = await sharp(pixels, { raw: { width: 500, height: 400, channels: 3 } })
      .jpeg({ quality: 90 })
      .toBuffer();
    for (let copy = i; copy < IMAGES; copy += DISTINCT)
      await writeFile(join(folder, `${String(copy).padStart(5, "0")}.jpg`), jpeg);
  }
}
