/** @file The trained pair of the golden data, as the reference stored it, and guided requests for it. */
import { fileURLToPath } from "node:url";
import type { GenerationSpec } from "@tandem/contracts";

/** Paths of the published-format snapshots. */
export const digitsFiles = {
  net: fileURLToPath(new URL("../golden/digits/net.pkl", import.meta.url)),
  gnet: fileURLToPath(new URL("../golden/digits/gnet.pkl", import.meta.url)),
} as const;

/** A guided request: models as the gateway names them, seeds 0 to `images` - 1. */
export function guidedSpec(model: string, guide: string, images: number, numSteps: number): Partial<GenerationSpec> {
  return {
    sampling: {
      model,
      guidance: [{ model: guide, weight: 2, interval: undefined, labels: 0 }],
      schedule: { numSteps, sigmaMin: 0, sigmaMax: 0, rho: 0, sigmas: [] },
      solver: 0,
      churn: undefined,
    },
    seeds: [{ first: 0n, last: BigInt(images - 1) }],
  };
}
