export { type GatewayConfig, parseConfig, readConfig } from "./config.js";
export { GatewayModule } from "./gateway.module.js";
export { readText } from "./images/text-chunk.js";
