export { readEncoding, readStatistics, writeEncoding, writeStatistics } from "./encoding.js";
export { readNetworkConfig, writeAutoencoderConfig, writeNetworkConfig } from "./network-config.js";
export { writeProvenance } from "./provenance.js";
