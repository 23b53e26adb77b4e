export { program, type SamplerConfig, samplerConfig } from "./config/config.js";
export { createDomain, type SamplerDomain } from "./domain.js";
export { SamplerModule } from "./sampler.module.js";
