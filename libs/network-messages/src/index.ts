export { readEncoding, writeEncoding } from "./encoding.js";
export { readNetworkConfig, writeNetworkConfig } from "./network-config.js";
export { writeProvenance } from "./provenance.js";
