/** @file Whether two networks speak of the same samples. */
import type { Network } from "@tandem/networks";

/** Whether samples of the two may mean the same: only then can one guide the other. An unknown encoding may be any. */
export function sameEncoding(a: Network["encoding"] | undefined, b: Network["encoding"] | undefined): boolean {
  if (!a || !b) return true;
  if (a.kind === "rgb" || b.kind === "rgb") return a.kind === b.kind;
  const equal = (x: readonly number[], y: readonly number[]) => x.length === y.length && x.every((v, i) => v === y[i]);
  return (
    equal(a.rawMean, b.rawMean) &&
    equal(a.rawStd, b.rawStd) &&
    a.finalMean === b.finalMean &&
    a.finalStd === b.finalStd &&
    a.downscale === b.downscale
  );
}
