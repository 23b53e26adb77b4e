/** @file The sampler process: `sampler --help`. */
import { DomainError } from "@tandem/errors";
import { createLogger, startService } from "@tandem/rpc";
import { type SamplerConfig, toConfig } from "./config/config.js";
import { help, readFlags } from "./config/flags.js";
import { SamplerModule } from "./sampler.module.js";

/** Exit code of wrong usage. */
const USAGE = 2;

const config = configure();
const logger = createLogger("sampler");
await startService(() => SamplerModule.forRoot(config, logger), { logger });

function configure(): SamplerConfig {
  try {
    const config = toConfig(readFlags(process.argv.slice(2), process.env), process.env);
    if (!config.help) return config;
    process.stdout.write(help());
    process.exit(0);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    process.stderr.write(`sampler: ${error.message}\n`);
    process.exit(USAGE);
  }
}
