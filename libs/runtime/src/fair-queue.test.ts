/**
 * One client with a thousand evaluations must not keep another with one waiting for all of them.
 */
import { describe, expect, it } from "@jest/globals";
import { FairQueue } from "./fair-queue.js";

const work = (client: string, count = 1) => ({ client, count });
const clients = (items: { client: string }[]) => items.map(({ client }) => client).join("");

describe("a fair queue", () => {
  it("serves one client in the order of arrival", () => {
    const queue = new FairQueue<{ client: string; count: number }>();
    const items = [work("a"), work("a"), work("a")];
    for (const item of items) queue.push(item);
    expect(queue.take(2)).toEqual(items.slice(0, 2));
    expect(queue.take(2)).toEqual(items.slice(2));
  });

  it("lets a newcomer in between the many that one client has waiting", () => {
    const queue = new FairQueue<{ client: string; count: number }>();
    for (let i = 0; i < 8; i++) queue.push(work("a"));
    queue.take(2);
    queue.push(work("b"));
    expect(clients(queue.take(2))).toContain("b");
  });

  it("counts samples, not requests", () => {
    const queue = new FairQueue<{ client: string; count: number }>();
    for (let i = 0; i < 4; i++) queue.push(work("a", 4));
    for (let i = 0; i < 8; i++) queue.push(work("b", 1));
    let a = 0;
    let b = 0;
    for (const { client, count } of [...queue.take(8), ...queue.take(4)]) {
      if (client === "a") a += count;
      else b += count;
    }
    expect(a - b).toBeLessThanOrEqual(4);
    expect(b).toBeGreaterThanOrEqual(4);
  });

  it("never splits a request, and puts the one that did not fit first in the next batch", () => {
    const queue = new FairQueue<{ client: string; count: number }>();
    queue.push(work("a", 3));
    queue.push(work("b", 4));
    for (let i = 0; i < 9; i++) queue.push(work("c", 1));
    expect(clients(queue.take(4))).toBe("ac");
    expect(clients(queue.take(4))).toBe("b");
  });

  it("gives a client no credit for the time in which it asked for nothing", () => {
    const queue = new FairQueue<{ client: string; count: number }>();
    for (let i = 0; i < 100; i++) queue.push(work("a"));
    queue.take(50);
    for (let i = 0; i < 50; i++) queue.push(work("b"));
    const first = clients(queue.take(20));
    expect(first.replaceAll("b", "").length).toBeGreaterThanOrEqual(9);
  });

  it("knows what waits, also after removals", () => {
    const queue = new FairQueue<{ client: string; count: number }>();
    const item = work("a", 5);
    queue.push(item);
    queue.push(work("b", 2));
    expect(queue.remove(item)).toBe(true);
    expect(queue.remove(item)).toBe(false);
    expect([queue.requests, queue.samples]).toEqual([1, 2]);
    expect(queue.drain()).toHaveLength(1);
    expect([queue.requests, queue.samples]).toEqual([0, 0]);
  });
});
