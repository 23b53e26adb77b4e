/** @file The small parts that a generation is made of. */
import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { divide } from "./batches.js";
import { Outbox } from "./outbox.js";
import { Rate } from "./rate.js";
import { SeedList } from "./seeds.js";

describe("batches", () => {
  it("cover every image once, in order, none too large; two halves where one would be alone", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        (count, size, isSplit) => {
          const spans = divide(count, size, isSplit);
          expect(spans[0]!.start).toBe(0);
          expect(spans.at(-1)!.end).toBe(count);
          for (const [i, { start, end }] of spans.entries()) {
            expect(end - start).toBeGreaterThan(0);
            expect(end - start).toBeLessThanOrEqual(size);
            if (i > 0) expect(start).toBe(spans[i - 1]!.end);
          }
          if (isSplit && spans.length % 2 === 1) expect(spans.at(-1)!.end - spans.at(-1)!.start).toBe(1);
        },
      ),
    );
  });
});

describe("seeds", () => {
  it("are those that writing all ranges out gives, in any slice", () => {
    const range = fc.tuple(fc.bigInt({ min: 0n, max: 30n }), fc.integer({ min: 1, max: 9 }));
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 5 }), fc.nat(50), fc.nat(50), (parts, start, length) => {
        let at = 0n; // apart from each other, so that no seed occurs twice
        const ranges = parts.map(([gap, count]) => {
          const first = at + gap;
          at = first + BigInt(count);
          return { first, last: at - 1n };
        });
        const all = ranges.flatMap(({ first, last }) =>
          Array.from({ length: Number(last - first) + 1 }, (_, i) => first + BigInt(i)),
        );
        const list = SeedList.parse("seeds", ranges, 1000);
        expect(list.count).toBe(all.length);
        expect(list.slice(start, start + length)).toEqual(all.slice(start, start + length));
      }),
    );
  });

  it("at the far end of 64 bits are still seeds", () => {
    const last = 2n ** 64n - 1n;
    expect(SeedList.parse("seeds", [{ first: last, last }], 1).slice(0, 1)).toEqual([last]);
  });
});

describe("an outbox", () => {
  it("makes a fast writer wait for a slow reader", async () => {
    const outbox = new Outbox<number>(2);
    let written = 0;
    const writing = (async () => {
      for (let i = 0; i < 10; i++) {
        await outbox.put(i);
        written++;
      }
      outbox.end();
    })();
    await new Promise(setImmediate);
    expect(written).toBeLessThan(3);
    const read: number[] = [];
    for await (const value of outbox) read.push(value);
    await writing;
    expect(read).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("delivers what was written before the error, then the error", async () => {
    const outbox = new Outbox<number>(10);
    await outbox.put(1);
    outbox.end(new Error("lost"));
    const read: number[] = [];
    const reading = (async () => {
      for await (const value of outbox) read.push(value);
    })();
    await expect(reading).rejects.toThrow("lost");
    expect(read).toEqual([1]);
  });

  it("drops offers while something waits", async () => {
    const outbox = new Outbox<number>(10);
    outbox.offer(1);
    outbox.offer(2);
    outbox.end();
    const read: number[] = [];
    for await (const value of outbox) read.push(value);
    expect(read).toEqual([1]);
  });
});

it("a rate is that of the last minute", () => {
  let now = 0;
  const rate = new Rate(() => now);
  expect(rate.remainingMs(10)).toBeUndefined();
  for (let second = 1; second <= 100; second++) {
    now = second * 1000;
    rate.mark(second < 40 ? second * 10 : 390 + (second - 39)); // ten a second, then one
  }
  expect(rate.perSecond).toBeCloseTo(1, 1);
  expect(rate.remainingMs(461)).toBeCloseTo(10_000, -3);
});
