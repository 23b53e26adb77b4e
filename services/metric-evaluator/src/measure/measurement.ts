/** @file What is measured of one record, image by image, and kept: a killed evaluation goes on from here. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { DomainError } from "@tandem/errors";
import { makeFolder, readSafetensors, type TensorData, writeSafetensors } from "@tandem/formats";
import { lockFolder } from "@tandem/jobs";
import { FeatureSums } from "@tandem/metrics";
import type { DetectorRows } from "../detectors/detector.js";
import { RowFile } from "./row-file.js";

/** What is kept of a detector's rows. */
export interface Wanted {
  readonly detector: string;
  readonly digest: string;
  /** Width of the features. */
  readonly dim: number;
  /** The features themselves, for metrics that compare samples. */
  readonly features: boolean;
  /** Width of the logits to keep; 0 is none. */
  readonly classes: number;
}

interface Kept extends Wanted {
  readonly sums: FeatureSums;
  readonly featureFile: RowFile | undefined;
  readonly logitFile: RowFile | undefined;
}

/** Everything that one detector said of a record. */
export interface Measured {
  readonly wanted: Wanted;
  readonly sums: FeatureSums;
  /** [n, dim] in order of position; absent unless wanted. */
  readonly features: Float32Array | undefined;
  /** [n, classes] likewise. */
  readonly logits: Float32Array | undefined;
}

/** One record under way. */
export class Measurement implements AsyncDisposable {
  private constructor(
    private readonly folder: string,
    private readonly lock: AsyncDisposable,
    /** 1 for every position that is measured. */
    private readonly done: Uint8Array,
    private readonly kept: readonly Kept[],
    private readonly before: number,
  ) {}

  readonly #began = performance.now();

  /** Time spent on it in this process and those before, milliseconds. */
  get elapsedMs(): number {
    return this.before + performance.now() - this.#began;
  }

  /**
   * Opens the record's folder, with what is there of it, for this process alone.
   * @param folder named by everything that decides the result
   * @param count positions of the record
   */
  static async open(folder: string, count: number, wanted: readonly Wanted[]): Promise<Measurement> {
    await makeFolder(folder);
    const lock = await lockFolder(folder);
    const found = await readCheckpoint(join(folder, CHECKPOINT));
    const kept = await Promise.all(
      wanted.map(async (one): Promise<Kept> => {
        const file = async (name: string, dim: number, isWanted: boolean) =>
          isWanted ? await RowFile.open(join(folder, `${one.detector}-${name}.f32`), dim) : undefined;
        return {
          ...one,
          sums: found ? sumsFrom(found.tensors, one) : new FeatureSums(one.dim),
          featureFile: await file("features", one.dim, one.features),
          logitFile: await file("logits", one.classes, one.classes > 0),
        };
      }),
    );
    const done = found ? Uint8Array.from(found.tensors.get("done")!.data) : new Uint8Array(count);
    return new Measurement(folder, lock, done, kept, found?.elapsedMs ?? 0);
  }

  /** Positions among some that are not measured yet. */
  missing(positions: readonly number[]): number[] {
    return positions.filter((position) => this.done[position] === 0);
  }

  /** Adds images, told by every detector in the order of `wanted`. */
  async add(positions: readonly number[], rows: readonly DetectorRows[]): Promise<void> {
    for (const [i, kept] of this.kept.entries()) {
      const { features, logits } = rows[i]!;
      await kept.featureFile?.write(positions, features);
      if (logits) await kept.logitFile?.write(positions, logits);
      await kept.sums.add(features);
    }
    for (const position of positions) this.done[position] = 1;
  }

  /** Makes what is measured so far outlast the process. */
  async keep(): Promise<void> {
    const tensors = new Map<string, TensorData>([["done", tensor("U8", [this.done.length], this.done)]]);
    for (const { detector, featureFile, logitFile, sums, dim } of this.kept) {
      await featureFile?.sync();
      await logitFile?.sync();
      const parts = await sums.parts();
      for (const [i, digit] of parts.sum.entries()) tensors.set(`${detector}/sum/${i}`, tensor("F64", [dim], digit));
      for (const [i, digit] of parts.outer.entries())
        tensors.set(`${detector}/outer/${i}`, tensor("F64", [dim, dim], digit));
    }
    await writeSafetensors(join(this.folder, CHECKPOINT), tensors, {
      elapsedMs: String(this.elapsedMs),
    });
  }

  /** All of it. @param positions of the part that was measured */
  async measured(positions: readonly number[]): Promise<Measured[]> {
    const missing = this.missing(positions).length;
    if (missing > 0) throw new Error(`${missing} positions are not measured`);
    return Promise.all(
      this.kept.map(async ({ sums, featureFile, logitFile, ...wanted }) => ({
        wanted,
        sums,
        features: await featureFile?.read(positions),
        logits: await logitFile?.read(positions),
      })),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { featureFile, logitFile } of this.kept) {
      await featureFile?.[Symbol.asyncDispose]();
      await logitFile?.[Symbol.asyncDispose]();
    }
    await this.lock[Symbol.asyncDispose]();
  }

  /** Removes what was kept, once its results are on the disk. */
  async forget(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

const CHECKPOINT = "checkpoint.safetensors";

async function readCheckpoint(path: string) {
  try {
    const { tensors, metadata } = await readSafetensors(path);
    return { tensors, elapsedMs: Number(metadata.elapsedMs) };
  } catch (error) {
    if (error instanceof DomainError && error.reason === "RESOURCE_NOT_FOUND") return undefined;
    throw error;
  }
}

function sumsFrom(tensors: ReadonlyMap<string, TensorData>, { detector, dim }: Wanted): FeatureSums {
  const numImages = tensors.get("done")!.data.reduce((total, one) => total + one, 0);
  const digits = (name: string): Float64Array[] => {
    const found: Float64Array[] = [];
    for (let i = 0; ; i++) {
      const one = tensors.get(`${detector}/${name}/${i}`);
      if (!one) return found;
      found.push(new Float64Array(new Uint8Array(one.data).buffer));
    }
  };
  return FeatureSums.fromParts(dim, { numImages, sum: digits("sum"), outer: digits("outer") });
}

const tensor = (dtype: "F64" | "U8", shape: readonly number[], values: Float64Array | Uint8Array): TensorData => ({
  dtype,
  shape,
  data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
});
