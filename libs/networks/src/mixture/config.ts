/** @file Configuration of the toy's true distribution. Field for field the contract's GaussianMixture. */
import { Fields, type Unchecked } from "../fields.js";

/** Every field, defaults filled in. */
export interface GaussianMixtureConfig {
  /** Which classes' trees; "A". */
  readonly classes: "A" | "B" | "AB";
  /** Seed of the tree; 2. It names the mixture: the components themselves are the network's tensors. */
  readonly seed: number;
  /** Components: the extent of the tensors. 1016 a class, as the reference's tree has them. */
  readonly numComponents: number;
}

/** Components of one class's tree. */
export const componentsPerClass = 1016;

/** Checks a configuration and fills in its defaults. @throws DomainError FIELD_INVALID naming the field */
export function gaussianMixtureConfig(values: Unchecked, path = "network.gaussianMixture"): GaussianMixtureConfig {
  const fields = new Fields(values, path);
  const classes = fields.choice("classes", ["A", "B", "AB"], "A");
  const config: GaussianMixtureConfig = {
    classes,
    seed: fields.integer("seed", [0, Number.MAX_SAFE_INTEGER], 2),
    numComponents: fields.integer("numComponents", [1, 1 << 20], componentsPerClass * classes.length),
  };
  fields.done(Object.keys(config));
  return config;
}
