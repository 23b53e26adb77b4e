/** A batch that is not what was asked for changes the learning rate's meaning without a word. */
import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { checkMultiple, leastCommonMultiple, splitBatch } from "./batch.js";

describe("a batch", () => {
  it("is batchGpu * rounds * replicas whenever it can be, and otherwise refused with numbers that work", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4096 }),
        fc.integer({ min: 0, max: 4096 }),
        fc.integer({ min: 1, max: 8 }),
        (size, most, replicas) => {
          try {
            const batch = splitBatch(size, most, replicas);
            expect(batch.batchGpu * batch.rounds * batch.replicas).toBe(size);
            expect(batch.batchGpu).toBeLessThanOrEqual(most || size);
          } catch (error) {
            const [, suggestions] = /batch_gpu can be ([\d, ]+), or/.exec((error as Error).message) ?? [];
            for (const works of suggestions?.split(", ").map(Number) ?? [])
              expect(splitBatch(size, works, replicas).batchGpu).toBe(works);
            expect((error as Error).message).toMatch(/batch_gpu can be|multiple of \d+/);
          }
        },
      ),
    );
  });

  it("names the nearest sizes that a part fits into", () => {
    expect(() => splitBatch(100, 48, 1)).toThrow(/batch_gpu can be .*50.* or batch_size 96 or 144/);
  });
});

it("a count is a whole number of steps, or refused with the next ones", () => {
  expect(() => checkMultiple("status_nimg", 128, 64, "the batch size")).not.toThrow();
  expect(() => checkMultiple("status_nimg", 100, 64, "the batch size")).toThrow(/multiple of 64.*64 or 128/);
  expect(leastCommonMultiple(96, 1024)).toBe(3072);
});
