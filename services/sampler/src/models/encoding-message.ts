/** @file How samples become pixels, as the contract says it. */
import type { DataEncoding } from "@tandem/contracts";
import type { Network } from "@tandem/networks";

/** The encoding as a message; unknown is absent. */
export function writeEncoding(encoding: Network["encoding"] | undefined): DataEncoding | undefined {
  if (!encoding) return undefined;
  if (encoding.kind === "rgb") return { kind: { $case: "rgb", value: {} } };
  const { autoencoder, rawMean, rawStd, finalMean, finalStd, downscale } = encoding;
  const statistics = { rawMean: [...rawMean], rawStd: [...rawStd], finalMean, finalStd, numImages: 0n };
  return { kind: { $case: "latent", value: { autoencoder, downscale, statistics } } };
}

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
