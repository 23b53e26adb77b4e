/** @file One run of `tandem generate`: what is missing is asked for, what arrives is stored. */
import { stat } from "node:fs/promises";
import { type GenerationPlan, type GenerationSpec, type ImageInfo, toMilliseconds } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { encodeNpy } from "@tandem/formats";
import type { Context } from "../context.js";
import type { Gateway } from "../gateway.js";
import type { Pace } from "../output/progress.js";
import { decodeImage, Grid, type Pixels } from "./grid.js";
import { imagePath, prepareFolder, writeOutput } from "./image-files.js";
import { compareExisting } from "./kept.js";
import { inOptions } from "./option-of-field.js";
import type { GenerateOptions } from "./options.js";
import { labelOf } from "./settings.js";
import { type StoredImage, sha256, storeImage } from "./stored-image.js";

/** Most images of one Generate call, as the contract has it. */
const IMAGES_PER_CALL = 10_000;

/** The images of a command. */
export class Generation {
  readonly #paths: ReadonlyMap<number, string>;
  #files: ReadonlyMap<number, string> = new Map();
  #existing: ReadonlyMap<number, StoredImage> = new Map();
  /** Places in the grid. */
  readonly #places: ReadonlyMap<number, number>;
  readonly #grid: Grid | undefined;

  constructor(
    private readonly context: Context,
    private readonly options: GenerateOptions,
  ) {
    const { outdir, seeds, grid } = options;
    this.#paths = new Map(outdir === undefined ? [] : seeds.map((seed) => [seed, imagePath(outdir, seed, options)]));
    this.#places = new Map(seeds.map((seed, place) => [seed, place]));
    this.#grid = grid === undefined ? undefined : new Grid(seeds.length);
  }

  /** Finds what is there, and that the folder can be written to, before anything is computed. */
  async prepare(): Promise<void> {
    const { outdir, dryRun } = this.options;
    if (outdir !== undefined && !dryRun) await prepareFolder("--outdir", outdir);
    const files = new Map<number, string>();
    for (const [seed, path] of this.#paths) if (await isFile(path)) files.set(seed, path);
    this.#files = files;
  }

  /** Whether some seed's path is taken. */
  get hasFiles(): boolean {
    return this.#files.size > 0;
  }

  /** Images that need not be made. */
  get kept(): number {
    return this.#existing.size;
  }

  /** Seeds of the images to make. */
  get missing(): number[] {
    return this.options.seeds.filter((seed) => !this.#existing.has(seed));
  }

  /** Compares what is there with the plan. */
  async compare(plan: GenerationPlan, gateway: Gateway): Promise<void> {
    const { options, context } = this;
    const { kept, replaced } = await compareExisting(this.#files, plan, options, gateway, context.signal);
    this.#existing = kept;
    const what = options.dryRun ? "would be made again" : "are made again";
    if (replaced.length > 0)
      context.output.note(`${replaced.length} images in ${options.outdir} were made with other settings and ${what}`);
    if (kept.size > 0) context.output.note(`${kept.size} images are there already`);
  }

  /** Makes what is missing, reports everything, writes the grid. */
  async run(gateway: Gateway, spec: (seeds: readonly number[]) => GenerationSpec): Promise<void> {
    const { seeds, grid } = this.options;
    const { missing } = this;
    for (const [seed, { info, data }] of this.#existing) await this.#report(seed, info, data, true);
    const progress = this.context.output.progress("generate", missing.length, "images");
    try {
      for (let at = 0; at < missing.length; at += IMAGES_PER_CALL) {
        const call = spec(missing.slice(at, at + IMAGES_PER_CALL));
        await this.#call(gateway, call, (done, pace) => progress.update(at + done, pace));
      }
    } catch (error) {
      throw inOptions(error);
    } finally {
      progress.stop();
    }
    if (!this.#grid || grid === undefined) return;
    await writeOutput("--grid", grid, await this.#grid.encode());
    this.context.output.result({ grid, images: seeds.length }, grid);
  }

  /** Stores the images of one call. A stream that ends without saying so has failed. */
  async #call({ gateway }: Gateway, spec: GenerationSpec, report: (done: number, pace?: Pace) => void): Promise<void> {
    let done = 0;
    let isComplete = false;
    let pace: Pace | undefined;
    for await (const { event } of gateway.generate({ spec }, { signal: this.context.signal })) {
      if (event?.$case === "image" && event.value.info) {
        await this.#store(event.value.info, event.value.data);
        report(++done, pace);
      } else if (event?.$case === "progress") {
        const { rate, eta } = event.value;
        pace = { perSecond: rate, leftMs: eta && toMilliseconds(eta) };
        report(done, pace);
      }
      isComplete = event?.$case === "done";
    }
    if (!isComplete) throw new DomainError("SERVER_UNAVAILABLE", "the gateway ended before all images were made");
  }

  async #store(info: ImageInfo, data: Uint8Array): Promise<void> {
    const { format } = this.options;
    const seed = Number(info.seed);
    const path = this.#paths.get(seed);
    const shape = [info.height, info.width, 3];
    const file = format === "npy" ? Buffer.concat(encodeNpy({ dtype: "U8", shape, data })) : data;
    if (path !== undefined) await storeImage(path, format, file, info);
    await this.#report(seed, info, file, false);
  }

  async #report(seed: number, info: ImageInfo, file: Uint8Array, isKept: boolean): Promise<void> {
    const path = this.#paths.get(seed);
    if (this.#grid) this.#grid.place(this.#places.get(seed) ?? 0, await this.#pixels(info, file));
    if (path === undefined) return;
    this.context.output.result({ path, seed, label: labelOf(info.labels), sha256: sha256(file), kept: isKept }, path);
  }

  #pixels({ width, height }: ImageInfo, file: Uint8Array): Promise<Pixels> | Pixels {
    if (this.options.format === "png") return decodeImage(file);
    return { width, height, data: file.subarray(file.length - width * height * 3) };
  }
}

/** @throws Error of the file system unless the path is free or a file */
async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}
