/** @file Configuration of Inception-v3: there is one network, so there are no fields. */
import { Fields, type Unchecked } from "../fields.js";

export type InceptionConfig = Readonly<Record<never, never>>;

/** @throws DomainError FIELD_INVALID for any field */
export function inceptionConfig(values: Unchecked, path: string): InceptionConfig {
  new Fields(values, path).done([]);
  return {};
}
