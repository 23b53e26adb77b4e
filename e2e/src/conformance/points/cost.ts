/** @file Point 9, CountFlops: multiply-adds and parameters of a published architecture, by the paper's own count. */
import { DomainError } from "@tandem/errors";
import { type Check, expects, NotServed } from "../check.js";
import { describe } from "../refused.js";

/** The smallest 64x64 latent network of the golden data (flops.json, img512-xxs). */
const architecture = { imgResolution: 64, imgChannels: 4, labelDim: 1000, modelChannels: 64 };
const MULTIPLY_ADDS = 11_587_868_792;
const PARAMETERS = 31_309_029n;

export const cost: readonly Check[] = [
  {
    name: "cost: CountFlops counts a known architecture, and its operations add up",
    level: 2,
    async run({ models }) {
      const value = { architecture: { $case: "edm2Unet" as const, value: architecture } };
      const counted = await models.countFlops({ subject: { $case: "network", value } }).catch((error: unknown) => {
        if (error instanceof DomainError && error.reason === "NOT_SUPPORTED") throw new NotServed(describe(error));
        throw error;
      });
      expects(counted.parameterCount === PARAMETERS, `${counted.parameterCount} parameters of ${PARAMETERS}`);
      expects(Math.abs(Number(counted.flops) / MULTIPLY_ADDS - 1) < 0.01, `${counted.flops} of ${MULTIPLY_ADDS}`);
      const sum = counted.operations.reduce((total, { flops }) => total + flops, 0n);
      expects(sum === counted.flops, `the operations add up to ${sum}, not ${counted.flops}`);
    },
  },
];
