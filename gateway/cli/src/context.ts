/** @file What every command gets: surroundings, output, and the signal that Ctrl-C sets off. */
import { resolve } from "node:path";
import type { Output } from "./output/output.js";

/** Options that every command takes. */
export interface GlobalOptions {
  /** Gateway to talk to, instead of the embedded stack. */
  server?: string;
  json?: boolean;
  verbose?: boolean;
  device: string;
  threads?: number;
}

/** A command's surroundings. */
export interface Context {
  readonly output: Output;
  readonly options: GlobalOptions;
  readonly env: NodeJS.ProcessEnv;
  /** State folder: stack file, logs, cache. Absolute. */
  readonly home: string;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
}

/** State folder: TANDEM_HOME, by default `.tandem` where the command runs. */
export const homeOf = (env: NodeJS.ProcessEnv): string => resolve(env.TANDEM_HOME || ".tandem");
