/** @file Configurations as the reference's files name their fields. */
import type { Unchecked } from "../fields.js";

/** `model_channels` -> `modelChannels`, for every field. */
export const camelCaseFields = (fields: Unchecked): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
