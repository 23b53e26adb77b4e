/** @file A dataset looked through for faults: all of them are named, where opening it for a run stops at the first. */
import { crc32 } from "node:zlib";
import { DomainError } from "@tandem/errors";
import { imageShape, LABELS, LATENT, latentOf, latentShape, SAMPLE } from "../dataset.js";
import { type DatasetFiles, openFiles } from "../files/dataset-files.js";
import { ZipFiles } from "../files/zip-files.js";
import { decodeImage } from "../samples/image.js";
import { type LabelSummary, summarizeFolders, summarizeJson } from "./label-summary.js";
import { addLatent, type LatentSums, noSums } from "./latent-moments.js";
import { Problems } from "./problems.js";

/** How closely a file is looked at: at what its first and last bytes say, or at all of it. */
export type Depth = "header" | "whole";

/** What the files told that were looked at. */
export interface Findings {
  readonly problems: Problems;
  /** Of latents that were looked at whole. */
  readonly sums?: LatentSums;
}

/** Colour type of a PNG without colours: byte 25. */
const GREY = 0;

/** A dataset under examination. */
export class DatasetCheck {
  /** Of the dataset itself and its labels. */
  readonly #own = new Problems();
  #found: Findings = { problems: new Problems() };
  #labels: LabelSummary = { kind: "none", dim: 0, counts: [], names: [] };
  /** Shape of the first sample that can be read. */
  #shape: readonly number[] | undefined;
  #isGrey = false;

  private constructor(
    private readonly files: DatasetFiles,
    /** Files of the samples, in order. */
    readonly names: readonly string[],
  ) {}

  /**
   * Looks at directory, labels and the first sample.
   * @param path a folder or a ZIP archive
   * @throws DomainError RESOURCE_NOT_FOUND; DATASET_INVALID for an archive that cannot be read
   */
  static async open(path: string): Promise<DatasetCheck> {
    const files = await openFiles(path);
    try {
      const check = new DatasetCheck(
        files,
        files.names.filter((name) => SAMPLE.test(name)),
      );
      await check.#survey();
      return check;
    } catch (error) {
      await files.close();
      throw error;
    }
  }

  /** Everything found: of the dataset, then of its files. */
  get problems(): Problems {
    const all = new Problems();
    all.append(this.#own);
    all.append(this.#found.problems);
    return all;
  }

  /** What the files told so far; a later examination of the same dataset can go on from it. */
  get findings(): Findings {
    return this.#found;
  }

  set findings(found: Findings) {
    this.#found = found;
  }

  get labels(): LabelSummary {
    return this.#labels;
  }

  get kind(): "images" | "latents" {
    return LATENT.test(this.names[0] ?? "") ? "latents" : "images";
  }

  /** [channels, height, width] as stored: grey images have one channel, latents means and deviations. Zeros: nothing is readable. */
  get shape(): readonly [channels: number, height: number, width: number] {
    const [channels = 0, height = 0, width = 0] = this.#shape ?? [];
    return [this.#isGrey ? 1 : channels, height, width];
  }

  /** Bytes of all files. */
  get sizeBytes(): number {
    return this.files.names.reduce((sum, name) => sum + this.files.size(name), 0);
  }

  /** Looks at some samples, together; what is found stands in their order. */
  async look(indices: readonly number[], depth: Depth): Promise<void> {
    const found = await Promise.all(indices.map((index) => this.#lookAt(this.names[index]!, depth)));
    for (const { problems, latent } of found) {
      this.#found.problems.append(problems);
      if (!latent) continue;
      const { sums = noSums(this.#shape![0]! / 2) } = this.#found;
      addLatent(sums, latent);
      this.#found = { ...this.#found, sums };
    }
  }

  close(): Promise<void> {
    return this.files.close();
  }

  async #survey(): Promise<void> {
    const { files, names } = this;
    const problems = this.#own;
    if (names.length === 0) {
      problems.fatal("", "empty", "holds no images (.png, .jpg, .webp) and no latents (.npy)");
      return;
    }
    for (const name of files.names)
      if (!SAMPLE.test(name) && name !== LABELS) problems.remark(name, "extra-file", "is no sample: it is not read");
    this.#labels = files.names.includes(LABELS)
      ? summarizeJson(LABELS, (await files.read(LABELS)).toString("utf8"), names, problems)
      : summarizeFolders(names);
    for (const name of names) {
      this.#shape = await this.#shapeOf(name).catch(() => undefined); // a fault is told when the file is looked at
      if (!this.#shape) continue;
      if (/\.png$/i.test(name)) this.#isGrey = (await files.read(name, 25, 1))[0] === GREY;
      break;
    }
    const [, height = 0, width = 0] = this.#shape ?? [];
    if (height !== width)
      problems.fatal("", "not-square", `its samples are ${width}x${height}; networks take square ones: crop them`);
    for (const side of new Set([width, height]))
      if (side > 0 && (side & (side - 1)) !== 0)
        problems.remark("", "not-power-of-two", `a side of ${side} fits few networks: convert with a resolution`);
  }

  #shapeOf(name: string, files = this.files): Promise<readonly number[]> {
    return LATENT.test(name) ? latentShape(files, name) : imageShape(files, name);
  }

  async #lookAt(name: string, depth: Depth): Promise<{ problems: Problems; latent?: Float32Array }> {
    const problems = new Problems();
    try {
      if (LATENT.test(name) !== (this.kind === "latents"))
        problems.fatal(name, "mixed", `a dataset holds images or latents, not both; the first is one of ${this.kind}`);
      const files = depth === "whole" ? await inMemory(this.files, name) : this.files;
      const shape = await this.#shapeOf(name, files);
      if (String(shape) !== String(this.#shape))
        problems.fatal(
          name,
          "size-differs",
          `is [${shape}], but the first sample is [${this.#shape}]: convert with a resolution`,
        );
      else if (depth === "whole")
        return { problems, ...(await this.#decode(name, await files.read(name), shape, problems)) };
    } catch (error) {
      problems.fatal(name, "unreadable", `${reasonOf(error, this.files.path, name)}: replace or remove it`);
    }
    return { problems };
  }

  async #decode(
    name: string,
    bytes: Buffer,
    shape: readonly number[],
    problems: Problems,
  ): Promise<{ latent?: Float32Array }> {
    const file = `${this.files.path}: ${name}`;
    if (this.files instanceof ZipFiles && crc32(bytes) !== (await this.files.crc32(name))) {
      problems.fatal(name, "checksum-differs", "is not what the archive's directory says: it is damaged; replace it");
      return {};
    }
    const [channels, height, width] = shape as [number, number, number];
    if (this.kind === "images") {
      await decodeImage(file, bytes, { width, height }, new Uint8Array(3 * width * height));
      return {};
    }
    const latent = latentOf(file, bytes, shape);
    const deviations = latent.subarray((channels / 2) * height * width);
    if (!latent.every(Number.isFinite))
      problems.fatal(name, "not-finite", "holds values that are no numbers: encode it again");
    else if (deviations.some((value) => value < 0))
      problems.fatal(name, "negative-deviation", "holds standard deviations below 0: encode it again");
    else return { latent };
    return {};
  }
}

/** A file that was read once, for all who look at a part of it. */
async function inMemory(files: DatasetFiles, name: string): Promise<DatasetFiles> {
  const bytes = await files.read(name);
  return {
    path: files.path,
    names: [name],
    size: () => bytes.length,
    read: async (_, offset = 0, length = bytes.length - offset) => bytes.subarray(offset, offset + length),
    crc32: (other) => files.crc32(other),
    close: async () => {},
  };
}

/** Why a file cannot be read, without the name that stands beside it. Errors that tell nothing of the file are passed on. */
function reasonOf(error: unknown, path: string, name: string): string {
  if (!(error instanceof DomainError)) throw error;
  return error.message.replace(`${path}: ${name}: `, "").replace(/: convert( it| the dataset first)$/, "");
}
