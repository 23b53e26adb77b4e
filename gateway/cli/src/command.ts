/** @file How a command is made: its options with help, its example, and what it does. */
import { Command, type OptionValues } from "commander";
import type { Context } from "./context.js";

/** Runs a command's action in its context; commander's actions are all called through it. */
export type Run = (command: Command, action: (context: Context) => Promise<void>) => Promise<void>;

/** What a command needs to register itself. */
export interface CommandDefinition<O extends OptionValues, A extends string[]> {
  /** Name and arguments as commander writes them, e.g. `flops <net>`. */
  readonly usage: string;
  /** What it does; the first paragraph also stands in the list of commands. */
  readonly description: string;
  /** One example with which the help ends. */
  readonly example: string;
  /** Adds the options. */
  readonly options?: (command: Command) => Command;
  /** Does the work. @returns when everything is done; throws DomainError */
  readonly action: (context: Context, options: O, args: A, command: Command) => Promise<void>;
}

/** Makes the commander command of a definition. */
export function makeCommand<O extends OptionValues, A extends string[]>(
  definition: CommandDefinition<O, A>,
  run: Run,
): Command {
  const [name = "", ...operands] = definition.usage.split(" ");
  const [summary = ""] = definition.description.split("\n\n");
  const command = new Command(name)
    .description(definition.description)
    .summary(summary)
    .configureHelp({ showGlobalOptions: true });
  if (operands.length > 0) command.arguments(operands.join(" "));
  definition.options?.(command);
  command.addHelpText("after", `\nExample:\n  ${definition.example}`);
  return command.action(async () => {
    const args = command.processedArgs.flat() as A;
    await run(command, (context) => definition.action(context, command.opts<O>(), args, command));
  });
}
