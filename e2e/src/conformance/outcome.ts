/** @file One check against one server. */
import { type Check, NotServed } from "./check.js";
import type { Context } from "./context.js";
import { describe } from "./refused.js";

/** How a check went; `why` for everything but "ok". */
export interface Outcome {
  readonly status: "ok" | "FAIL" | "not served";
  readonly why: string;
}

/** Longest that a check may take. */
const LIMIT_MS = 60_000;

/** Runs a check; never rejects. */
export async function outcomeOf(check: Check, context: Context): Promise<Outcome> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`not done within ${LIMIT_MS / 1000} s`)), LIMIT_MS);
  try {
    await Promise.race([check.run(context), late.promise]);
    return { status: "ok", why: "" };
  } catch (error) {
    if (error instanceof NotServed) return { status: "not served", why: error.message };
    return { status: "FAIL", why: describe(error).replace(/^Error: /, "") };
  } finally {
    clearTimeout(timer);
  }
}
