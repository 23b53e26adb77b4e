import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "@jest/globals";
import { inOrder } from "./in-order.js";

async function* numbers(count: number, read: number[] = []) {
  for (let i = 0; i < count; i++) {
    read.push(i);
    yield i;
  }
}

async function collect<R>(results: AsyncIterable<R>): Promise<R[]> {
  const all: R[] = [];
  for await (const result of results) all.push(result);
  return all;
}

describe("work in order", () => {
  it("answers in the order of the requests, whichever is done first", async () => {
    const slowFirst = async (i: number) => {
      await sleep(i % 2 === 0 ? 10 : 0);
      return i;
    };
    expect(await collect(inOrder(numbers(9), 4, slowFirst))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("has no more than its limit unanswered, and reads no further", async () => {
    const read: number[] = [];
    let running = 0;
    let most = 0;
    const results = inOrder(numbers(20, read), 3, async (i) => {
      most = Math.max(most, ++running);
      await sleep(1);
      running--;
      return i;
    });
    await results.next();
    expect(read.length).toBeLessThanOrEqual(4);
    await collect(results);
    expect(most).toBe(3);
  });

  it("answers the first request while the second is still to come", async () => {
    const { promise: never } = Promise.withResolvers<number>();
    async function* oneThenSilence() {
      yield 7;
      yield await never;
    }
    const results = inOrder(oneThenSilence(), 4, async (i) => i);
    expect((await results.next()).value).toBe(7);
  });

  it("ends with the first failure, after the results before it", async () => {
    const seen: number[] = [];
    const failing = async () => {
      for await (const result of inOrder(numbers(6), 4, async (i) => {
        if (i === 2) throw new Error("third");
        return i;
      }))
        seen.push(result);
    };
    await expect(failing()).rejects.toThrow("third");
    expect(seen).toEqual([0, 1]);
  });

  it("ends with a failure although the sender stays silent", async () => {
    const { promise: never } = Promise.withResolvers<number>();
    async function* oneThenSilence() {
      yield 1;
      yield await never;
    }
    const results = inOrder(oneThenSilence(), 4, () => Promise.reject(new Error("broken")));
    await expect(results.next()).rejects.toThrow("broken");
  });

  it("closes its source when the consumer stops", async () => {
    let closed = false;
    async function* source() {
      try {
        yield* numbers(5);
      } finally {
        closed = true;
      }
    }
    for await (const _ of inOrder(source(), 1, async (i) => i)) break;
    await sleep(0);
    expect(closed).toBe(true);
  });
});
