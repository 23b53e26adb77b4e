/** @file A stack that stays: looked after in this process, or in one of its own. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { DomainError } from "@tandem/errors";
import { makeFolder } from "@tandem/formats";
import type { Context } from "../context.js";
import type { StackConfig } from "./config.js";
import { Stack } from "./stack.js";
import { forgetStack, runningStack, type StackState, stackFile, writeStack } from "./state.js";

/** The stack that `tandem up` without --config starts. */
export const defaultStackFile = fileURLToPath(new URL("../../demo/stack.yaml", import.meta.url));

/** @throws DomainError OUTPUT_EXISTS when a stack runs in this state folder already */
export async function refuseSecondStack(home: string): Promise<void> {
  const running = await runningStack(home);
  if (!running) return;
  const where = running.gateway ? ` with its gateway at ${running.gateway.address}` : "";
  throw new DomainError(
    "OUTPUT_EXISTS",
    `a stack runs already${where}; end it with tandem down (known from ${stackFile(home)})`,
  );
}

/**
 * Starts a stack, makes it known, and keeps it until the context's signal, or until its gateway has ended.
 * @param ready  called when everything runs
 * @throws DomainError SERVER_UNAVAILABLE when something did not start, or the gateway ended by itself
 */
export async function serve(
  config: StackConfig,
  context: Context,
  only: ReadonlySet<string> | undefined,
  ready: (state: StackState) => Promise<void> | void,
): Promise<void> {
  const { home, output, signal } = context;
  await refuseSecondStack(home);
  await using stack = await Stack.start(config, context, { only, folder: home });
  const lost = Promise.withResolvers<void>();
  stack.onExit((service) => {
    if (signal.aborted) return;
    output.note(`${service.name} has ended by itself; its log is ${service.log}`);
    if (service === stack.gateway)
      lost.reject(new DomainError("SERVER_UNAVAILABLE", `the gateway has ended by itself; its log is ${service.log}`));
  });
  const state = stack.state();
  await writeStack(home, state);
  try {
    await Promise.race([lost.promise, Promise.resolve(ready(state)).then(() => untilAborted(signal))]);
  } finally {
    await forgetStack(home);
  }
}

/**
 * Starts a stack in a process of its own that outlives this one.
 * @param args  of `tandem up`, without --detach
 * @throws DomainError SERVER_UNAVAILABLE with what it said when it ended at once
 */
export async function serveDetached(args: readonly string[], { home, env, signal }: Context): Promise<StackState> {
  const logs = join(home, "logs");
  await makeFolder(logs);
  const path = join(logs, "up.log");
  const log = await open(path, "w");
  const main = fileURLToPath(new URL("../main.js", import.meta.url));
  const child = spawn(process.execPath, [main, "up", ...args], {
    stdio: ["ignore", log.fd, log.fd],
    env,
    detached: true,
  });
  await log.close();
  const ended = once(child, "exit").then(() => true);
  try {
    for (;;) {
      const state = await runningStack(home);
      if (state?.pid === child.pid && state) return state;
      if (await Promise.race([ended, sleep(50, false, { signal })]))
        throw new DomainError("SERVER_UNAVAILABLE", `the stack did not start: ${await lastLine(path)}`);
    }
  } catch (error) {
    child.kill("SIGTERM");
    throw error;
  } finally {
    child.unref();
  }
}

async function lastLine(path: string): Promise<string> {
  const file = await open(path);
  try {
    return (
      (await file.readFile("utf8"))
        .trimEnd()
        .split("\n")
        .at(-1)
        ?.replace(/^error: /, "") ?? ""
    );
  } finally {
    await file.close();
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  const alive = setInterval(() => {}, 2 ** 30); // external servers alone would not keep this process
  try {
    if (!signal.aborted) await once(signal, "abort");
  } finally {
    clearInterval(alive);
  }
}
