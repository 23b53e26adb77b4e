/** @file The gateway process. */
import { createLogger, startService } from "@tandem/rpc";
import { configOf } from "./command-line.js";
import { GatewayModule } from "./gateway.module.js";

const logger = createLogger("gateway");
await startService(async () => GatewayModule.forRoot(await configOf(process.argv.slice(2)), logger), { logger });
