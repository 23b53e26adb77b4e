/** The order of the data is part of a run's result: resumed, it must go on with the very next image, in any epoch. */
import { describe, expect, it } from "@jest/globals";
import type { Dataset } from "./dataset.js";
import { permutation } from "./permutation.js";
import { trainingSource } from "./training-source.js";

/** Five samples whose only pixel is their index. */
function indices(reads: number[][] = []): Dataset {
  return {
    ...{ count: 5, shape: [1, 1, 1], kind: "images", labelDim: 2, names: [] },
    labels: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    labelList: undefined,
    async read(wanted) {
      reads.push([...wanted]);
      return Uint8Array.from(wanted);
    },
    close: async () => {},
  };
}

describe("the order of a run", () => {
  it("has every sample once an epoch, in another order each, the same for the same seed", async () => {
    const source = trainingSource(indices(), { seed: 3n, isConditional: true });
    const { data, labels } = await source.read(0, 15);
    const epochs = [0, 5, 10].map((at) => [...data.subarray(at, at + 5)]);
    for (const epoch of epochs) expect([...epoch].sort()).toEqual([0, 1, 2, 3, 4]);
    expect(new Set(epochs.map(String)).size).toBe(3);
    expect([...labels!.subarray(0, 2)]).toEqual([2 * data[0]!, 2 * data[0]! + 1]);
    expect([...(await trainingSource(indices(), { seed: 3n, isConditional: true }).read(7, 8)).data]).toEqual([
      ...data.subarray(7),
    ]);
    expect([...(await trainingSource(indices(), { seed: 4n, isConditional: true }).read(0, 15)).data]).not.toEqual([
      ...data,
    ]);
  });

  it("is a fair shuffle", () => {
    const firsts = Array.from({ length: 3000 }, (_, epoch) => permutation(3, 9n, epoch).join(""));
    const counts = new Map<string, number>();
    for (const order of firsts) counts.set(order, (counts.get(order) ?? 0) + 1);
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 500)).toBeLessThan(100); // 5 deviations
  });

  it("decodes a sample once where there is room, and again where there is not", async () => {
    const reads: number[][] = [];
    const source = trainingSource(indices(reads), { seed: 0n, isConditional: false });
    await source.read(0, 5);
    expect((await source.read(5, 5)).labels).toBeUndefined();
    expect(reads).toHaveLength(1);
    const large = trainingSource(indices(reads), { seed: 0n, isConditional: false, keepBytes: 4 });
    await large.read(0, 5);
    await large.read(5, 5);
    expect(reads).toHaveLength(3);
  });
});
