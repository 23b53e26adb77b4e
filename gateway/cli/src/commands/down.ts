/** @file `tandem down`: ends the running stack. */
import { setTimeout as sleep } from "node:timers/promises";
import { DomainError } from "@tandem/errors";
import type { Context } from "../context.js";
import { forgetStack, processBegan, runningStack, stackFile } from "../stack/state.js";

/** Services get ten seconds each; the one that looks after them a little more. */
const GONE_WITHIN_MS = 30_000;

export const down = {
  usage: "down",
  description: "Stops the stack that tandem up started. No stack is no error.",
  example: "tandem down",
  async action({ home, output, signal }: Context) {
    const stack = await runningStack(home);
    if (!stack) return output.result({ stopped: false }, `no stack runs (${stackFile(home)} is not there)`);
    process.kill(stack.pid, "SIGTERM");
    const until = performance.now() + GONE_WITHIN_MS;
    while (processBegan(stack.pid) === stack.began) {
      if (performance.now() > until)
        throw new DomainError(
          "SERVER_UNAVAILABLE",
          `process ${stack.pid} does not end; kill -9 ${stack.pid} ends it and its services`,
        );
      await sleep(50, undefined, { signal });
    }
    await forgetStack(home);
    output.result({ stopped: true }, "stopped");
  },
};
