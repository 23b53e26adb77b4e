/** @file A look at a header before it is parsed: a few megabytes of brackets or keys would cost JSON.parse gigabytes and minutes. */

/** The root, an entry in it, a list in that. */
const maxDepth = 3;
const maxObjects = 100_000;
/** Strings of one tensor's entry: its name, "dtype" and its value, "shape", "data_offsets". */
const stringsPerObject = 5;
/** Keys and values of the metadata. */
const maxTexts = 100_000;

/** Why a JSON text cannot be the header of tensors, by its brackets and strings alone; undefined when nothing speaks against it. */
export function disproportion(json: Uint8Array): string | undefined {
  let [depth, objects, quotes] = [0, 0, 0];
  for (let at = 0; at < json.byteLength; at++) {
    const byte = json[at];
    if (byte === 0x22) quotes++;
    else if (quotes % 2 === 1) {
      if (byte === 0x5c) at++; // what a backslash protects ends no string
    } else if (byte === 0x7b || byte === 0x5b) {
      if (byte === 0x7b) objects++;
      if (++depth > maxDepth) return "nested deeper than the format has it";
      if (objects > maxObjects) return `more than ${maxObjects} entries`;
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return quotes / 2 > objects * stringsPerObject + maxTexts ? "far more texts than its tensors need" : undefined;
}
