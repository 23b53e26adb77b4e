/** @file The toy's ground truth as a network: the component tables of seed 2, which come with the package. */
import { fileURLToPath } from "node:url";
import { DomainError, invalid } from "@tandem/errors";
import { fromFloat32, parseSafetensors, readWholeFile, type TensorData, toFloat32 } from "@tandem/formats";
import { sha256 } from "../file/digest.js";
import type { Network } from "../network.js";
import { componentsPerClass, type GaussianMixtureConfig } from "./config.js";

/** The tree is drawn at random, and the papers do not fix its numbers: there is what the reference drew from its default seed. */
const SEED = 2;

/** Share of each class in AB, whose components are those of A, then those of B. Fitted to the reference's table of AB. */
const shares = { A: 0.4770110595864961, B: 0.5229889404135039 } as const;

type ClassName = keyof typeof shares;

/**
 * The true distribution of the toy, ready to be built: its log density and score are exact.
 * @param path of the configuration, for messages
 * @throws DomainError NOT_SUPPORTED for another seed than 2, FIELD_INVALID for another number of components than 1016 a class
 */
export async function gaussianMixture(
  config: GaussianMixtureConfig,
  path = "network.gaussian_mixture",
): Promise<Network> {
  const { classes, seed, numComponents } = config;
  if (seed !== SEED)
    throw new DomainError(
      "NOT_SUPPORTED",
      `${path}.seed is ${seed}; the components of seed ${SEED} are the only ones there are; for others, load a weights file`,
      { field: `${path}.seed` },
    );
  const count = componentsPerClass * classes.length;
  if (numComponents !== count) throw invalid(`${path}.num_components`, numComponents, `${count} for ${classes}`);
  const names = [...classes] as ClassName[];
  const files = await Promise.all(names.map((name) => readWholeFile(fileOf(name))));
  const tables = files.map((bytes, i) => parseSafetensors(bytes, fileOf(names[i]!)).tensors);
  const tensors = tables.length === 1 ? tables[0]! : union(tables, names);
  const digest = await sha256(files.length === 1 ? files[0]! : Buffer.concat(files));
  return {
    config: { kind: "gaussian_mixture", ...config },
    tensors,
    encoding: { kind: "rgb" },
    provenance: {},
    digest,
    format: "memory",
  };
}

const fileOf = (name: ClassName): string =>
  fileURLToPath(new URL(`../../data/mixture-${name}.safetensors`, import.meta.url));

type Table = ReadonlyMap<string, TensorData>;

/** Components of all classes, one class after the other, weighted by the classes' shares. */
function union(tables: readonly Table[], names: readonly ClassName[]): Table {
  const joined = [...tables[0]!].map(([tensor, { shape }]): [string, TensorData] => {
    const parts = tables.map((table, i) => {
      const values = toFloat32(table.get(tensor)!);
      return tensor === "phi" ? values.map((phi) => phi * shares[names[i]!]) : values;
    });
    const values = Float32Array.from(parts.flatMap((part) => [...part]));
    return [tensor, fromFloat32(values, [shape[0]! * tables.length, ...shape.slice(1)], "F32")];
  });
  return new Map(joined);
}
