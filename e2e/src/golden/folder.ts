/** @file The folder of golden data: what stands there decides what is checked. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSafetensors, type TensorData, toFloat32 } from "@tandem/formats";

/** Where the golden data lies: TANDEM_GOLDEN, or the copy inside the project. */
export function goldenRoot(): string {
  return process.env.TANDEM_GOLDEN ?? fileURLToPath(new URL("../../golden", import.meta.url));
}

/** A tensor as float32 values with its shape. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Reads files of the golden folder by their path inside it. */
export class GoldenFolder {
  constructor(readonly root: string) {}

  path(...parts: string[]): string {
    return join(this.root, ...parts);
  }

  has(...parts: string[]): boolean {
    return existsSync(this.path(...parts));
  }

  /** Names in a folder that match, sorted, without the part matched; empty when the folder is absent. */
  names(folder: string, ending: string): string[] {
    if (!this.has(folder)) return [];
    const files = readdirSync(this.path(folder)).filter((name) => name.endsWith(ending));
    return files.map((name) => basename(name, ending)).sort();
  }

  json<T>(...parts: string[]): T {
    return JSON.parse(readFileSync(this.path(...parts), "utf8")) as T;
  }

  async raw(...parts: string[]): Promise<ReadonlyMap<string, TensorData>> {
    return (await readSafetensors(this.path(...parts))).tensors;
  }

  /** All tensors of a safetensors file as float32 (uint8 images too: their values are exact). */
  async tensors(...parts: string[]): Promise<(name: string) => Values> {
    const tensors = await this.raw(...parts);
    return (name) => {
      const tensor = tensors.get(name);
      if (!tensor) throw new Error(`${join(...parts)} has no tensor ${name}`);
      return { shape: tensor.shape, data: tensor.dtype === "U8" ? Float32Array.from(tensor.data) : toFloat32(tensor) };
    };
  }
}
