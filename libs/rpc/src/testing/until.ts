import { setTimeout as sleep } from "node:timers/promises";

/** Waits for a condition, and fails with what it stood for: a test never sleeps for a time that it guessed. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`after ${withinMs} ms still not: ${what}`);
    await sleep(5);
  }
}
