export { type SamplerConfig, toConfig } from "./config/config.js";
export { help, readFlags } from "./config/flags.js";
export { createDomain, type SamplerDomain } from "./domain.js";
export { SamplerModule } from "./sampler.module.js";
