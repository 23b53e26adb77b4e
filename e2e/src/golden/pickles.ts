/**
 * @file pickles/: snapshots and states as the reference writes them, equal to the tensors they came from; statistics in three
 * formats; and hostile files, which are refused at once.
 */
import { statSync } from "node:fs";
import { DomainError } from "@tandem/errors";
import {
  isTensor,
  namedTensors,
  readNpz,
  readPickle,
  readTensorFile,
  type TensorData,
  toFloat32,
} from "@tandem/formats";
import { readNetwork } from "@tandem/networks";
import { equal, exact, type GoldenCase, type Outcome } from "./case.js";
import type { GoldenFolder } from "./folder.js";

type Tensors = ReadonlyMap<string, TensorData>;

export async function* pickles(folder: GoldenFolder): AsyncGenerator<GoldenCase> {
  yield* snapshots(folder);
  yield* states(folder);
  yield* statistics(folder);
  yield* hostile(folder);
}

/** Network snapshots: the network/ whose tensors have the same names and shapes holds the same values. */
async function* snapshots(folder: GoldenFolder): AsyncGenerator<GoldenCase> {
  const known = await Promise.all(
    folder.names("network", "").map((name) => folder.raw("network", name, "weights.safetensors")),
  );
  for (const name of folder.names("pickles", ".pkl").filter((file) => file.startsWith("network"))) {
    yield {
      section: "pickles",
      name: `${name}.pkl holds its network`,
      run: async () => {
        const { tensors } = await readNetwork(folder.path("pickles", `${name}.pkl`));
        const twins = known.filter((twin) => sameNames(twin, tensors));
        if (twins.length === 0) throw new Error("no network/ has tensors of these names and shapes");
        return twins.map((twin) => sameValues(tensors, twin)).reduce((a, b) => (a.error < b.error ? a : b));
      },
    };
  }
}

/** State dictionaries, in torch's archive and in its old format: all of the same names hold the same values. */
async function* states(folder: GoldenFolder): AsyncGenerator<GoldenCase> {
  const files = [".pth", ".pt"].flatMap((ending) => folder.names("pickles", ending).map((name) => `${name}${ending}`));
  const [first, ...others] = files;
  if (!first) return;
  const stateOf = async (file: string): Promise<Tensors> => {
    const value = await readPickle(folder.path("pickles", file));
    const network = value instanceof Map ? (value.get("net") ?? value) : value;
    return namedTensors(network);
  };
  for (const other of others) {
    yield {
      section: "pickles",
      name: `${other} and ${first} hold the same network`,
      run: async () => {
        const [a, b] = [await stateOf(first), await stateOf(other)];
        return sameNames(a, b) ? sameValues(a, b) : equal(false);
      },
    };
  }
}

/** Reference statistics: mu and sigma in .safetensors, .npz (stored and deflated) and .pkl. */
async function* statistics(folder: GoldenFolder): AsyncGenerator<GoldenCase> {
  for (const name of folder.names("pickles", ".safetensors")) {
    const expected = await folder.raw("pickles", `${name}.safetensors`);
    const compare = (ours: Tensors) =>
      [...expected.keys()]
        .map((key) => sameBytes(ours.get(key), expected.get(key)!))
        .reduce((a, b) => (a.error > b.error ? a : b));
    for (const file of folder.names("pickles", ".npz").filter((npz) => npz.startsWith(name))) {
      const run = async () => compare(await readNpz(folder.path("pickles", `${file}.npz`)));
      yield { section: "pickles", name: `${file}.npz`, run };
    }
    if (!folder.has("pickles", `${name}.pkl`)) continue;
    const run = async () => {
      const value = await readPickle(folder.path("pickles", `${name}.pkl`));
      const fid = value instanceof Map ? value.get("fid") : undefined;
      if (!(fid instanceof Map)) throw new Error("holds no entry fid");
      const entries = [...fid].filter((entry): entry is [string, TensorData] => isTensor(entry[1]));
      return compare(new Map(entries));
    };
    yield { section: "pickles", name: `${name}.pkl`, run };
  }
}

/** Refused within a second, naming the file. */
async function* hostile(folder: GoldenFolder): AsyncGenerator<GoldenCase> {
  for (const name of folder.names("pickles/hostile", ".pkl")) {
    const path = folder.path("pickles", "hostile", `${name}.pkl`);
    yield {
      section: "pickles/hostile",
      name: `${name}.pkl (${statSync(path).size} bytes) is refused: seconds`,
      run: async () => {
        const start = performance.now();
        const error = await readTensorFile(path).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (!(error instanceof DomainError) || !error.message.includes(name))
          throw new Error(`not refused by name: ${error}`);
        return { error: (performance.now() - start) / 1000, tolerance: 1 };
      },
    };
  }
}

function sameNames(a: Tensors, b: Tensors): boolean {
  return a.size === b.size && [...a].every(([name, { shape }]) => b.get(name)?.shape.join() === shape.join());
}

/** Elements that differ; a float16 tensor holds the rounded values of the float32 one. */
function sameValues(ours: Tensors, expected: Tensors): Outcome {
  let different = 0;
  for (const [name, tensor] of ours) {
    const theirs = toFloat32(expected.get(name)!);
    const rounded = tensor.dtype === "F16" ? Float32Array.from(Float16Array.from(theirs)) : theirs;
    different += exact(toFloat32(tensor), rounded).error;
  }
  return { error: different, tolerance: 0 };
}

function sameBytes(ours: TensorData | undefined, expected: TensorData): Outcome {
  return equal(ours !== undefined && ours.dtype === expected.dtype && Buffer.compare(ours.data, expected.data) === 0);
}
