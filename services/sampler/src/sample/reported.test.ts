import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "@jest/globals";
import { reported } from "./reported.js";

const never = new AbortController().signal;

describe("a reported run", () => {
  it("gives its reports in order, then its result", async () => {
    const events: unknown[] = [];
    const run = async (report: (event: number) => Promise<void>) => {
      for (let i = 0; i < 3; i++) await report(i);
      return "done";
    };
    for await (const event of reported(run, never)) events.push(event);
    expect(events).toEqual([0, 1, 2, "done"]);
  });

  it("waits for its consumer", async () => {
    let steps = 0;
    const run = async (report: (event: number) => Promise<void>) => {
      while (steps < 5) await report(++steps);
    };
    const events = reported(run, never);
    await events.next();
    await sleep(5);
    expect(steps).toBe(1);
    await events.next();
    expect(steps).toBe(2);
    await events.return();
  });

  it("is aborted when the consumer leaves, in a report and between reports, and has ended then", async () => {
    for (const isSlow of [false, true]) {
      let ended = false;
      const run = async (report: (event: number) => Promise<void>, signal: AbortSignal) => {
        try {
          for (let i = 0; ; i++) {
            if (isSlow && i > 0) await sleep(60_000, undefined, { signal });
            await report(i);
          }
        } finally {
          ended = true;
        }
      };
      for await (const event of reported(run, never)) if (event === 0) break;
      expect(ended).toBe(true);
    }
  });

  it("fails as the run fails, and as its signal aborts", async () => {
    const failing = reported(() => Promise.reject(new Error("broken")), never);
    await expect(failing.next()).rejects.toThrow("broken");
    const caller = new AbortController();
    const aborted = reported((_, signal) => sleep(60_000, undefined, { signal }), caller.signal);
    setTimeout(() => caller.abort(), 5);
    await expect(aborted.next()).rejects.toMatchObject({ name: "AbortError" });
  });
});
