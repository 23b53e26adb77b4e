/** @file `tandem up`: services and gateway, until Ctrl-C or `tandem down`. */

import { DomainError } from "@tandem/errors";
import type { Command } from "commander";
import type { Context } from "../context.js";
import { Gateway } from "../gateway.js";
import { readStackConfig, type StackConfig } from "../stack/config.js";
import { defaultStackFile, refuseSecondStack, serve, serveDetached } from "../stack/serve.js";
import type { StackState } from "../stack/state.js";
import { listModels } from "./models.js";

interface UpOptions {
  config?: string;
  listen: string;
  only?: string;
  detach: boolean;
}

export const up = {
  usage: "up",
  description: "Starts model servers and the gateway over them; stays until Ctrl-C or tandem down.",
  example: "tandem up --config stack.yaml --detach",
  options: (command: Command) =>
    command
      .option("--config <file>", "YAML with the gateway's address and its servers (default: the demo's net and gnet)")
      .option(
        "--listen <address>",
        "HOST:PORT of the gateway, port 0 for a free one; beats the file's",
        "127.0.0.1:8080",
      )
      .option(
        "--only <list>",
        "start these services alone, by name, separated by commas; the gateway's name is gateway",
      )
      .option("--detach", "return when everything is ready and leave it running", false),
  async action(context: Context, options: UpOptions, _args: string[], command: Command) {
    const file = options.config ?? defaultStackFile;
    const fromFile = await readStackConfig(file);
    const isGiven = command.getOptionValueSource("listen") === "cli";
    const config = { ...fromFile, listen: isGiven ? options.listen : (fromFile.listen ?? options.listen) };
    const only = namesOf(options.only, config);
    if (options.detach) {
      await refuseSecondStack(context.home);
      const state = await serveDetached(detachedArgs(options, config, context), context);
      report(context, state);
      return warnOfFailures(context, state);
    }
    await serve(config, context, only, async (state) => {
      report(context, state);
      await warnOfFailures(context, state);
      context.output.note("Ctrl-C ends it");
    });
  },
};

/** Says where everything is. */
export function report({ output }: Context, state: StackState): void {
  const members = [...(state.gateway ? [state.gateway] : []), ...state.servers];
  for (const member of members) output.result(member, `${member.name.padEnd(12)} ${member.address}`);
}

/** A stack with a damaged network is still a stack; that one of its networks is missing must not be found out later. */
async function warnOfFailures(context: Context, { gateway }: StackState): Promise<void> {
  if (!gateway) return;
  const options = { ...context.options, server: gateway.address };
  await using running = await Gateway.open({ ...context, options });
  for (const { name, error } of await listModels(running, context.signal))
    if (error) context.output.note(`${name} could not be loaded: ${error.message}`);
}

/** @throws DomainError FIELD_INVALID for a name that the stack does not have */
function namesOf(list: string | undefined, config: StackConfig): ReadonlySet<string> | undefined {
  if (list === undefined) return undefined;
  const known = ["gateway", ...config.servers.map((server) => server.name)];
  const names = list.split(",").map((name) => name.trim());
  for (const name of names)
    if (!known.includes(name))
      throw new DomainError(
        "FIELD_INVALID",
        `--only: there is no ${name || "empty name"}; the stack has ${known.join(", ")}`,
        { field: "only" },
      );
  return new Set(names);
}

/** What the process that stays is told; the rest of its settings comes from the same environment. */
function detachedArgs(options: UpOptions, config: StackConfig, { options: all }: Context): string[] {
  return [
    ...(options.config === undefined ? [] : ["--config", options.config]),
    ...["--listen", config.listen ?? options.listen],
    ...(options.only === undefined ? [] : ["--only", options.only]),
    ...["--device", all.device],
    ...(all.threads === undefined ? [] : ["--threads", String(all.threads)]),
  ];
}
