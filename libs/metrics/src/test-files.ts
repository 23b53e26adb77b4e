/** @file Where tests find the reference's files and our own fixtures. Not exported. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readSafetensors, toFloat32 } from "@tandem/formats";
import { float64Of } from "./reference/float64.js";

/** Path of a file of the reference implementation. */
export function golden(name: string): string {
  return fileURLToPath(new URL(`../../../e2e/golden/${name}`, import.meta.url));
}

/** Path of a fixture of this package. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
}

export const goldenJson = <T>(name: string): T => JSON.parse(readFileSync(golden(name), "utf8")) as T;

/** Tensors of a golden file: float32 with their width, float64 and integers as float64. */
export async function goldenTensors(name: string) {
  const { tensors } = await readSafetensors(golden(name));
  const tensor = (key: string) => {
    const found = tensors.get(key);
    if (!found) throw new Error(`${name} holds no ${key}`);
    return found;
  };
  return {
    has: (key: string) => tensors.has(key),
    features: (key: string) => ({ dim: tensor(key).shape[1]!, rows: toFloat32(tensor(key)) }),
    numbers: (key: string) => float64Of(name, key, tensor(key)),
    /** Rows of a matrix of integers. */
    indices: (key: string) => {
      const [rows, columns] = tensor(key).shape as [number, number];
      const all = float64Of(name, key, tensor(key));
      return Array.from({ length: rows }, (_, i) => all.subarray(i * columns, (i + 1) * columns));
    },
  };
}
