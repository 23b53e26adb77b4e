/** @file Configuration of the 2D toy's network (arXiv 2406.02507, section 3). Field for field the contract's ToyMlp. */
import { Fields, type Unchecked } from "../fields.js";

/** Every field, defaults filled in. */
export interface ToyMlpConfig {
  /** Hidden layers; 4. */
  readonly numLayers: number;
  /** Hidden width; 64. */
  readonly hiddenDim: number;
  /** Standard deviation of the data; 0.5. */
  readonly sigmaData: number;
}

/** Checks a configuration and fills in its defaults. @throws DomainError FIELD_INVALID naming the field */
export function toyMlpConfig(values: Unchecked, path = "network.toyMlp"): ToyMlpConfig {
  const fields = new Fields(values, path);
  const config: ToyMlpConfig = {
    numLayers: fields.integer("numLayers", [1, 64], 4),
    hiddenDim: fields.integer("hiddenDim", [1, 4096], 64),
    sigmaData: fields.positive("sigmaData", 0.5),
  };
  fields.done(Object.keys(config));
  return config;
}
