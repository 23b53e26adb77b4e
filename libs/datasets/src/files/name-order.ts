/** @file The order of names: by code points, as Python sorts them. JavaScript compares halves of those above U+FFFF. */

const HALVES = /[\ud800-\udfff]/;

/** Compares some names: below 0 when `a` comes first. */
export function orderOf(names: readonly string[]): (a: string, b: string) => number {
  if (names.some((name) => HALVES.test(name))) return (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  return (a, b) => (a < b ? -1 : a > b ? 1 : 0);
}

/** Sorts names in place. */
export function sortNames(names: string[]): string[] {
  return names.sort(orderOf(names));
}
