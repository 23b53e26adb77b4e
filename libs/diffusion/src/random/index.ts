/** @file The registry of generators. */
import { invalid } from "@tandem/errors";
import type { Generator } from "./generator.js";
import { seedBits } from "./seed.js";
import { TorchCpuGenerator } from "./torch-cpu.js";
import { TorchCudaGenerator } from "./torch-cuda.js";

/** Generators by name, each made from the lower 32 bits of a seed. */
export const generators = {
  "torch-cpu": (seed: number): Generator => new TorchCpuGenerator(seed),
  "torch-cuda": (seed: number): Generator => new TorchCudaGenerator(seed),
} as const;

/** Name of a generator. */
export type GeneratorName = keyof typeof generators;

/**
 * A generator at the start of its stream.
 * @param seed integer, 0 to 2^64 - 1; seed mod 2^32 is used
 * @throws DomainError FIELD_INVALID for another seed or name
 */
export function createGenerator(name: GeneratorName, seed: bigint | number): Generator {
  if (!Object.hasOwn(generators, name)) {
    throw invalid("generator", name, `one of ${Object.keys(generators).join(", ")}`);
  }
  return generators[name](seedBits(seed));
}
