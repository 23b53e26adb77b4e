/** @file TANDEM_DEBUG: how much of the same work a process shows. The one debug switch there is. */
import { invalid } from "@tandem/errors";

/** What each level adds: 1 calls, 2 steps (sigma, weight, server), 3 nodes and provider, 4 tensor statistics. */
export type DebugLevel = 0 | 1 | 2 | 3 | 4;

/** The level asked for; 0 when TANDEM_DEBUG is unset or empty. @throws DomainError FIELD_INVALID */
export function debugLevel(env: NodeJS.ProcessEnv = process.env): DebugLevel {
  const text = env.TANDEM_DEBUG ?? "";
  if (text === "") return 0;
  const level = Number(text);
  if (!/^[0-4]$/.test(text)) throw invalid("TANDEM_DEBUG", text, "0 to 4");
  return level as DebugLevel;
}
