/** @file The log of a process: JSON lines on stderr, since stdout belongs to the ready line. */
import { invalid } from "@tandem/errors";
import { destination, type Logger, pino } from "pino";
import { debugLevel } from "./debug-level.js";

const levels = ["fatal", "error", "warn", "info", "debug", "trace", "silent"];

/**
 * A logger that names its process.
 * @param name  e.g. "sampler"
 * @param env   TANDEM_LOG sets the level (default "info"); TANDEM_DEBUG of 1 or more means at least "debug"
 * @throws DomainError FIELD_INVALID for an unknown level
 */
export function createLogger(name: string, env: NodeJS.ProcessEnv = process.env): Logger {
  const level = env.TANDEM_LOG || (debugLevel(env) > 0 ? "debug" : "info");
  if (!levels.includes(level)) throw invalid("TANDEM_LOG", level, `one of ${levels.join(", ")}`);
  // Synchronous: a line that says why the process dies must be out before it does. Lines are few: one a call, and only at debug.
  return pino({ name, level }, destination({ fd: 2, sync: true }));
}
