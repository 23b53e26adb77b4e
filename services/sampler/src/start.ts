/** @file The sampler process: `sampler --help`. */
import { runService } from "@tandem/rpc";
import { program } from "./config/config.js";
import { SamplerModule } from "./sampler.module.js";

await runService(program, (config, logger) => SamplerModule.forRoot(config, logger));
