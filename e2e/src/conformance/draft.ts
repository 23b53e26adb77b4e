/** @file Messages with only the fields that matter. */

/** A message of which any field may be left out, by its codec: `Draft<typeof DenoiseRequest>`. */
export type Draft<C> = C extends { fromPartial(object: infer D): unknown } ? D : never;
