/** @file features/frechet_edge, features/kid_pr, metrics: distances between sets of features, from the features and from statistics. */
import { type TensorData, toFloat32 } from "@tandem/formats";
import {
  densityCoverage,
  FeatureSums,
  type Features,
  frechetDistance,
  type Gaussian,
  inceptionScore,
  kernelDistance,
  precisionRecall,
} from "@tandem/metrics";
import { hashValues } from "@tandem/networks/testing";
import { exact, type GoldenCase, maxDifference, type Outcome } from "./case.js";
import type { GoldenFolder } from "./folder.js";

type Tensors = ReadonlyMap<string, TensorData>;

const features = (tensors: Tensors, name: string): Features => ({
  dim: tensors.get(name)!.shape[1]!,
  rows: toFloat32(tensors.get(name)!),
});

function numbers(tensors: Tensors, name: string): Float64Array {
  const { data } = tensors.get(name)!;
  return new Float64Array(new Uint8Array(data).buffer);
}

async function gaussianOf({ dim, rows }: Features): Promise<Gaussian> {
  const sums = new FeatureSums(dim);
  await sums.add(rows);
  return sums.statistics();
}

/** Of the reference's own statistics. */
export async function* statistics(folder: GoldenFolder): AsyncGenerator<GoldenCase> {
  const tensors = await folder.raw("metrics", "frechet.safetensors");
  const gaussian = (index: number, side: string): Gaussian => ({
    numImages: 0,
    mu: numbers(tensors, `${index}/mu_${side}`),
    sigma: numbers(tensors, `${index}/sigma_${side}`),
  });
  for (const { case: index, frechet } of folder.json<{ case: number; frechet: number }[]>("metrics", "frechet.json"))
    yield {
      section: "metrics",
      name: `frechet ${index}`,
      run: async () => {
        const [a, b] = [gaussian(index, "a"), gaussian(index, "b")];
        const error = Math.abs((await frechetDistance(a, b)) - frechet);
        return { error: error / (trace(a) + trace(b)), tolerance: 1e-7 };
      },
    };
}

const trace = ({ mu, sigma }: Gaussian): number => mu.reduce((sum, _, i) => sum + sigma[i * (mu.length + 1)]!, 0);

interface FrechetCase {
  readonly n: readonly [number, number];
  readonly d: number;
  readonly exact: { readonly value: number; readonly trace_sum: number };
  /** Where the features follow from a name. */
  readonly hash_prefix?: readonly [string, string];
}

const singular = ["few_samples", "identical", "identical_reordered", "two_samples", "full_size"];

/** Of features. The tolerance is relative to the traces' sum, but for what is called absolute. */
export async function* frechetEdge(folder: GoldenFolder): AsyncGenerator<GoldenCase> {
  const tensors = await folder.raw("features/frechet_edge", "data.safetensors");
  const cases = folder.json<Record<string, FrechetCase>>("features/frechet_edge", "expected.json");
  for (const [name, { n, d, exact: expected, hash_prefix }] of Object.entries(cases))
    yield {
      section: "features/frechet_edge",
      name,
      run: async () => {
        const [a, b] = hash_prefix
          ? [hashed(hash_prefix[0], n[0], d), hashed(hash_prefix[1], n[1], d)]
          : [features(tensors, `${name}.a`), features(tensors, `${name}.b`)];
        const error = Math.abs((await frechetDistance(await gaussianOf(a), await gaussianOf(b))) - expected.value);
        if (name.startsWith("constant")) return { error, tolerance: 1e-9 };
        if (name === "large_offset") return { error, tolerance: 1e-8 };
        return { error: error / expected.trace_sum, tolerance: singular.includes(name) ? 1e-7 : 1e-9 };
      },
    };
}

function hashed(prefix: string, n: number, dim: number): Features {
  const [u, m, s] = [hashValues(`${prefix}u`, n * dim), hashValues(`${prefix}m`, dim), hashValues(`${prefix}s`, dim)];
  return { dim, rows: u.map((value, i) => 0.4 + 0.2 * m[i % dim]! + (0.3 + 0.25 * s[i % dim]!) * value) };
}

type Counts = Readonly<Record<string, number>>;
interface KidPr {
  readonly kid: { per_subset: number[]; mean: number; std_ddof0: number };
  readonly inception_score: Record<"plain" | "shuffled", { splits: number[]; mean: number; std_ddof0: number }>;
  readonly [set: string]: unknown;
}

/** Counts are exact; kernel distance and inception score within 1e-10. */
export async function* kidPr(folder: GoldenFolder): AsyncGenerator<GoldenCase> {
  const tensors = await folder.raw("features/kid_pr", "data.safetensors");
  const expected = folder.json<KidPr>("features/kid_pr", "expected.json");
  const section = "features/kid_pr";
  const set = (name: string) => features(tensors, name);
  const near = (ours: ArrayLike<number>, theirs: readonly number[]): Outcome => ({
    error: maxDifference(ours, theirs),
    tolerance: 1e-10,
  });
  const indices = (name: string): Int32Array[] => {
    const { shape, data } = tensors.get(name)!;
    const all = new Int32Array(new Uint8Array(data).buffer);
    return Array.from({ length: shape[0]! }, (_, i) => all.subarray(i * shape[1]!, (i + 1) * shape[1]!));
  };
  yield {
    section,
    name: "kid",
    run: async () => {
      const chosen = { real: indices("kid_index_a"), generated: indices("kid_index_b") };
      const { perSubset, mean, std } = await kernelDistance(set("a"), set("b"), { indices: chosen });
      const { per_subset, mean: theirMean, std_ddof0 } = expected.kid;
      return near([...perSubset, mean, std], [...per_subset, theirMean, std_ddof0]);
    },
  };
  for (const order of ["plain", "shuffled"] as const)
    yield {
      section,
      name: `inception score, ${order}`,
      run: async () => {
        const [permutation] = order === "shuffled" ? [permutationOf(tensors)] : [];
        const { perSplit, mean, std } = inceptionScore(set("logits"), permutation ? { permutation } : {});
        const theirs = expected.inception_score[order];
        return near([...perSplit, mean, std], [...theirs.splits, theirs.mean, theirs.std_ddof0]);
      },
    };
  for (const [name, [real, generated]] of Object.entries(pairs))
    for (const k of [3, 5])
      for (const border of ["le", "lt"] as const)
        yield {
          section,
          name: `neighbourhoods ${name}, k = ${k}, ${border}`,
          run: async () => {
            const counts = (expected[`${name}_k${k}`] as Record<"le" | "lt", Counts>)[border];
            const wanted = ["precision", "recall", "density", "coverage"].map((metric) => counts[`${metric}_count`]!);
            const pr = await precisionRecall(set(real), set(generated), { k, border });
            const dc = await densityCoverage(set(real), set(generated), { k, border });
            return exact([pr.precisionCount, pr.recallCount, dc.densityCount, dc.coverageCount], wanted);
          },
        };
}

const permutationOf = (tensors: Tensors) => new Int32Array(new Uint8Array(tensors.get("isc_permutation")!.data).buffer);

/** Sets that are compared: real, generated. */
const pairs: Readonly<Record<string, readonly [string, string]>> = {
  main: ["a", "b"],
  swapped: ["b", "a"],
  tie: ["tie_a", "tie_b"],
  tie_zero_radius: ["tie_a", "tie_c"],
  tie_zero_radius_real: ["tie_c", "tie_a"],
  identical: ["a", "a"],
};
