/** @file Values of flags: each reads a text, or throws an Error that goes on from the flag's name. */

const sizes = { "": 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 } as const;

/** A whole number from 1. */
export const count =
  (most: number) =>
  (text: string): number => {
    if (!/^\d+$/.test(text)) throw new Error(`must be a whole number, not ${text}`);
    if (Number(text) < 1) throw new Error("must be at least 1");
    if (Number(text) > most) throw new Error(`must be at most ${most}`);
    return Number(text);
  };

/** A number of bytes: `4Gi`, `800Mi`, `65536`. */
export function byteCount(text: string): number {
  const [, digits, unit = ""] = /^(\d+)(Ki|Mi|Gi)?$/.exec(text) ?? [];
  const bytes = Number(digits) * sizes[unit as keyof typeof sizes];
  if (!(bytes > 0)) throw new Error(`must be a number of bytes, e.g. 4Gi or 800Mi, not ${text}`);
  return bytes;
}

/** A TCP port; 0 is any free one. */
export function port(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new Error(`must be a port, at most 65535, not ${text}`);
}

/** One of a few words. */
export const word =
  <T extends string>(...words: readonly T[]) =>
  (text: string): T => {
    const found = words.find((one) => one === text);
    if (found !== undefined) return found;
    throw new Error(`must be ${words.join(" or ")}, not ${text}`);
  };
