/** Counts are exact: an image on the border of a neighbourhood is inside or not by a stated rule, never by rounding. */
import { describe, expect, it } from "@jest/globals";
import { inceptionScore } from "../inception-score.js";
import { goldenJson, goldenTensors } from "../test-files.js";
import { kernelDistance } from "./kernel-distance.js";
import { densityCoverage, precisionRecall } from "./neighbourhoods.js";
import { squaredRadii } from "./radii.js";
import { drawSubset } from "./subsets.js";

type Counts = Readonly<Record<string, number>>;
interface Expected {
  readonly kid: { per_subset: number[]; mean: number; std_ddof0: number; equal_sets: number };
  readonly inception_score: Record<"plain" | "shuffled", { splits: number[]; mean: number; std_ddof0: number }>;
  readonly [set: string]: unknown;
}
const expected = goldenJson<Expected>("features/kid_pr/expected.json");
const tensors = await goldenTensors("features/kid_pr/data.safetensors");
const [a, b, tieA, tieB, tieC] = ["a", "b", "tie_a", "tie_b", "tie_c"].map(tensors.features) as [
  Set,
  Set,
  Set,
  Set,
  Set,
];
type Set = ReturnType<typeof tensors.features>;

const sets: Readonly<Record<string, readonly [real: Set, generated: Set]>> = {
  main: [a, b],
  swapped: [b, a],
  tie: [tieA, tieB],
  tie_zero_radius: [tieA, tieC],
  tie_zero_radius_real: [tieC, tieA],
  identical: [a, a],
};
const cases = Object.keys(sets).flatMap((name) =>
  [3, 5].flatMap((k) => (["le", "lt"] as const).map((border) => ({ name, k, border }))),
);

describe("neighbourhoods hold exactly the images that they should", () => {
  it.each(cases)("$name, k = $k, $border", async ({ name, k, border }) => {
    const [real, generated] = sets[name]!;
    const wanted = (expected[`${name}_k${k}`] as Record<"le" | "lt", Counts>)[border];
    const ours = {
      ...(await precisionRecall(real, generated, { k, border })),
      ...(await densityCoverage(real, generated, { k, border })),
    };
    for (const metric of ["precision", "recall", "density", "coverage"] as const) {
      expect(ours[`${metric}Count`]).toBe(wanted[`${metric}_count`]);
      expect(ours[metric]).toBe(wanted[metric]);
    }
  });

  it.each(["main_k3", "main_k5", "tie_k3", "tie_k5"])("radii: %s", async (name) => {
    const [real, generated] = sets[name.slice(0, -3)]!;
    for (const [side, set] of [
      ["real", real],
      ["gen", generated],
    ] as const) {
      const wanted = tensors.numbers(`${name}_radius_${side}`);
      const ours = (await squaredRadii(set, Number(name.at(-1)))).map(Math.sqrt);
      expect(Math.max(...ours.map((radius, i) => Math.abs(radius - wanted[i]!)))).toBeLessThan(1e-9);
    }
  });

  it("and k images are too few for a k-th neighbour", async () => {
    const few = { dim: 3, rows: new Float32Array(9) };
    await expect(precisionRecall(few, tieA)).rejects.toMatchObject({ reason: "TOO_FEW_IMAGES" });
    await expect(precisionRecall(tieA, a)).rejects.toMatchObject({ reason: "SHAPE_MISMATCH" });
  });
});

it("features that are no numbers are refused, naming the image", async () => {
  const damaged = { dim: 3, rows: tieA.rows.slice() };
  damaged.rows[7] = Number.NaN;
  const refused = expect(precisionRecall(tieB, damaged)).rejects;
  await refused.toMatchObject({ reason: "NOT_FINITE", message: "generated images: feature 1 of image 2 is NaN" });
});

describe("the kernel distance", () => {
  const indices = { real: tensors.indices("kid_index_a"), generated: tensors.indices("kid_index_b") };
  const apart = (ours: ArrayLike<number>, theirs: readonly number[]) =>
    Math.max(...theirs.map((value, i) => Math.abs(value - ours[i]!)));

  it("is the reference's for its subsets", async () => {
    const { perSubset, mean, std } = await kernelDistance(a, b, { indices });
    expect(apart(perSubset, expected.kid.per_subset)).toBeLessThan(1e-10);
    expect(apart([mean, std], [expected.kid.mean, expected.kid.std_ddof0])).toBeLessThan(1e-10);
  });

  it("of a set and itself is below zero", async () => {
    const all = indices.real[0]!;
    const { mean } = await kernelDistance(a, a, { indices: { real: [all], generated: [all] } });
    expect(Math.abs(mean - expected.kid.equal_sets)).toBeLessThan(1e-10);
  });

  it("draws the same subsets from a seed, whoever asks", async () => {
    expect([...drawSubset(10, 10, 7n, 0, 0)].sort((x, y) => x - y)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const once = await kernelDistance(a, b, { subsets: 4, subsetSize: 50, seed: 3n });
    expect(await kernelDistance(a, b, { subsets: 4, subsetSize: 50, seed: 3n })).toEqual(once);
    expect((await kernelDistance(a, b, { subsets: 4, subsetSize: 50, seed: 4n })).mean).not.toBe(once.mean);
  });

  it("refuses subsets that are larger than a side", async () => {
    await expect(kernelDistance(a, b, { subsetSize: 281 })).rejects.toMatchObject({ reason: "TOO_FEW_IMAGES" });
  });
});

describe("the inception score", () => {
  it.each(["plain", "shuffled"] as const)("is the reference's: %s", (order) => {
    const permutation = tensors.numbers("isc_permutation");
    const ours = inceptionScore(tensors.features("logits"), order === "plain" ? {} : { permutation });
    const wanted = expected.inception_score[order];
    expect(Math.max(...wanted.splits.map((value, i) => Math.abs(value - ours.perSplit[i]!)))).toBeLessThan(1e-10);
    expect(Math.abs(ours.mean - wanted.mean)).toBeLessThan(1e-10);
    expect(Math.abs(ours.std - wanted.std_ddof0)).toBeLessThan(1e-10);
  });

  it("refuses splits without an image, and orders that are none", () => {
    const logits = { dim: 2, rows: new Float32Array(6) };
    expect(() => inceptionScore(logits)).toThrow(expect.objectContaining({ reason: "TOO_FEW_IMAGES" }));
    expect(() => inceptionScore(logits, { splits: 1, permutation: [0, 1, 1] })).toThrow(
      expect.objectContaining({ reason: "FIELD_INVALID" }),
    );
  });
});

/** Tiles round otherwise at their edges, and an image must be its copy's neighbour all the same. */
describe("sets of more images than a tile", () => {
  const dim = 600;
  const count = 1100;
  const rows = Float32Array.from({ length: count * dim }, (_, i) => {
    const word = Math.imul(i + 1, 2654435761);
    return (Math.imul(word ^ (word >>> 15), 0x2c1b3c6d) >>> 0) / 2 ** 32 + 3;
  });
  const set = { dim, rows };

  it("have the radii that single distances give", async () => {
    const radii = await squaredRadii(set, 3);
    for (const i of [0, 1023, 1024, 1099]) {
      const all = Array.from({ length: count }, (_, j) =>
        rows.subarray(i * dim, (i + 1) * dim).reduce((sum, x, k) => sum + (x - rows[j * dim + k]!) ** 2, 0),
      );
      const third = all.sort((x, y) => x - y)[3]!;
      expect(Math.abs(radii[i]! - third)).toBeLessThan(1e-9);
    }
  });

  it("hold k of their copy's images when the border is not inside, and k + 1 when it is", async () => {
    const copy = { dim, rows: rows.slice() };
    expect((await densityCoverage(set, copy, { k: 3, border: "lt" })).densityCount).toBe(3 * count);
    expect((await densityCoverage(set, copy, { k: 3, border: "le" })).densityCount).toBe(4 * count);
    expect((await precisionRecall(set, copy)).recallCount).toBe(count);
  });
});
