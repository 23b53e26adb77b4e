/** @file The conformance checks as Jest tests of one server, and what takes a hand on its process: restart, memory, end. */
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { checks } from "./checks.js";
import { type Context, contextOf, type Target } from "./context.js";
import { knownFailures } from "./known-failing.js";
import { outcomeOf } from "./outcome.js";

const SERVING = 1;
const NOT_SERVING = 2;

/** A server that runs. */
export interface Running extends Target, AsyncDisposable {
  /** Resident memory now, bytes. */
  memory(): number;
  signal(name: NodeJS.Signals): void;
}

/** A server to test. */
export interface Subject {
  /** Its name in `known-failing.txt`. */
  readonly server: string;
  start(): Promise<Running>;
  /** Beginnings of the names of checks for what it need not serve, and does not. */
  readonly lacks: readonly string[];
}

/** Declares the tests, inside of a `describe`. */
export function conformanceSuite({ server, start, lacks }: Subject): void {
  let running: Running;
  let context: Context;
  beforeAll(async () => {
    running = await start();
    context = await contextOf(running);
  }, 60_000);
  afterAll(async () => {
    context?.[Symbol.dispose]();
    await running?.[Symbol.asyncDispose]();
  });

  it.each(checks.map((check) => [check.name, check] as const))("%s", async (name, check) => {
    const isKnown = knownFailures.some((known) => known.server === server && known.check === name);
    const without = lacks.some((beginning) => name.startsWith(beginning)) ? "not served" : "ok";
    const { status, why } = await outcomeOf(check, context);
    expect(`${status} ${status === "not served" ? "" : why}`.trim()).toMatch(
      isKnown ? /^FAIL/ : new RegExp(`^${without}$`),
    );
  });

  it("500 more sessions leave no memory", async () => {
    const before = running.memory();
    for (let i = 0; i < 500; i += 10)
      await Promise.all(Array.from({ length: 10 }, async () => (await context.openSession(1)).close()));
    expect(running.memory() / before).toBeLessThan(1.15);
  });

  describe("started again", () => {
    it("has the same weights; told to end, it says NOT_SERVING and finishes open sessions", async () => {
      await using again = await start();
      using other = await contextOf(again);
      expect(other.model.weightsDigest).toBe(context.model.weightsDigest);
      const session = await other.openSession(1);
      const watching = new AbortController();
      const statuses = other.health.watch({ service: "" }, { signal: watching.signal })[Symbol.asyncIterator]();
      expect((await statuses.next()).value?.status).toBe(SERVING);
      again.signal("SIGTERM");
      expect((await statuses.next()).value?.status).toBe(NOT_SERVING);
      const size = other.model.sampleShape.reduce((product, extent) => product * extent, 4);
      session.step({ x: new Uint8Array(size), sigma: [1] });
      expect((await session.result()).denoised).toHaveLength(size);
      await session.close();
      watching.abort();
      await expect(statuses.next()).rejects.toMatchObject({ name: "AbortError" });
    });
  });
}
