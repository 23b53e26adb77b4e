/** @file The process: arguments in, exit code out, Ctrl-C on the way. */
import { type Command, CommanderError } from "commander";
import { type Context, type GlobalOptions, homeOf } from "./context.js";
import { errorLine } from "./error-line.js";
import { exitCodeOf, exitCodes } from "./exit-code.js";
import { Output } from "./output/output.js";
import { makeProgram } from "./program.js";
import { ourSpelling } from "./spelling.js";

/** Signals that come closer together than this are one: a terminal and a launcher both pass Ctrl-C on. */
const SAME_SIGNAL_MS = 500;

const interrupt = new AbortController();
let interruptedAt = 0;
function onInterrupt(): void {
  if (!interrupt.signal.aborted) {
    interruptedAt = performance.now();
    interrupt.abort();
    // The second time somebody is in a hurry: children end with this process.
  } else if (performance.now() - interruptedAt > SAME_SIGNAL_MS) process.exit(exitCodes.interrupted);
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onInterrupt);
// Started by bin/tandem.mjs under another Node: when that one is killed, this one ends too.
if (process.channel) {
  process.on("disconnect", onInterrupt);
  process.channel.unref();
}
// A reader that leaves (`tandem models | head -1`) ends the output, not in a crash.
process.stdout.on("error", (error: NodeJS.ErrnoException) =>
  process.exit(error.code === "EPIPE" ? exitCodes.done : exitCodes.failed),
);

async function run(command: Command, action: (context: Context) => Promise<void>): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const context: Context = {
    output: new Output(process.stdout, process.stderr, options.json ?? false),
    options,
    env: process.env,
    home: homeOf(process.env),
    signal: interrupt.signal,
  };
  try {
    await action(context);
  } catch (error) {
    const interrupted = interrupt.signal.aborted;
    context.output.note(interrupted ? "interrupted" : `error: ${errorLine(error)}`);
    if (options.verbose) context.output.note(String(error instanceof Error ? error.stack : error));
    process.exitCode = interrupted ? exitCodes.interrupted : exitCodeOf(error);
  }
}

const program = makeProgram(run);
for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
  command.exitOverride();
  command.configureOutput({ outputError: (text, write) => write(text.replace(/^error: (.*)\n(?=\S)/, "error: $1; ")) });
}
try {
  await program.parseAsync(ourSpelling(process.argv.slice(2)), { from: "user" });
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
}
