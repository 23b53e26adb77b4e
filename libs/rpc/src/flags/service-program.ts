/** @file A service's command line as a program: configuration, help, exit codes, and then the service itself. */
import type { DynamicModule } from "@nestjs/common";
import { DomainError } from "@tandem/errors";
import type { Logger } from "pino";
import { createLogger } from "../logger.js";
import { startService } from "../service.js";
import { type ConfigOf, type Flags, readFlags } from "./flags.js";
import { checkTls, type serverFlags } from "./service-flags.js";

/** Exit code of wrong usage. */
const USAGE = 2;

/** What a program says of itself. */
export interface ServiceProgram<F extends Flags> {
  /** Name of the command and of its log. */
  readonly name: string;
  /** One sentence: what it serves. */
  readonly purpose: string;
  /** One command line. */
  readonly example: string;
  /** `serverFlags` or `jobFlags`, and its own. */
  readonly flags: F;
}

/** The configuration of a command line. @throws DomainError FIELD_INVALID naming the flag */
export function configOf<F extends Flags & typeof serverFlags>(
  { flags }: Pick<ServiceProgram<F>, "flags">,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): ConfigOf<F> {
  const config = readFlags(flags, args, env);
  checkTls(config as ConfigOf<typeof serverFlags>);
  return config;
}

/** The help text. */
export function help({ name, purpose, example, flags }: ServiceProgram<Flags>): string {
  const rows = Object.entries(flags).map(([flag, { value, isRepeatable, default: otherwise, help: text }]) => {
    const facts = [isRepeatable && "repeatable", otherwise && `default ${otherwise}`].filter(Boolean).join(", ");
    return [`  --${flag}${value ? ` ${value}` : ""}`, `${text}${facts ? ` (${facts})` : ""}`] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return [
    purpose,
    "",
    `Usage: ${name} [flags]; --queue-limit 8 is also TANDEM_QUEUE_LIMIT=8, lists separated by commas.`,
    "",
    ...rows.map(([left, right]) => left.padEnd(width) + right),
    "",
    "TANDEM_HOME is the state folder (default .tandem), TANDEM_LOG the log level, TANDEM_STOP_WITH_PARENT=1 ends the",
    "process with its standard input.",
    "",
    `Example: ${example}`,
    "",
  ].join("\n");
}

/**
 * Runs a service as this process, by its command line: --help prints and ends with 0, wrong usage is one line and exit code 2.
 * @param create makes the module; what it throws is a failed start, exit code 1
 */
export async function runService<F extends Flags & typeof serverFlags>(
  program: ServiceProgram<F>,
  create: (config: ConfigOf<F>, logger: Logger) => DynamicModule | Promise<DynamicModule>,
): Promise<void> {
  const config = configure(program);
  const logger = createLogger(program.name);
  await startService(() => create(config, logger), { logger });
}

function configure<F extends Flags & typeof serverFlags>(program: ServiceProgram<F>): ConfigOf<F> {
  try {
    const config = configOf(program, process.argv.slice(2), process.env);
    if (!(config as ConfigOf<typeof serverFlags>).help) return config;
    process.stdout.write(help(program));
    process.exit(0);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    process.stderr.write(`${program.name}: ${error.message}\n`);
    process.exit(USAGE);
  }
}
