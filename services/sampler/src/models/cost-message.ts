/** @file What an evaluation costs, as the contract says it. */
import type { CountFlopsResponse } from "@tandem/contracts";
import type { NetworkCost } from "@tandem/networks";

/** The cost as a message: every step of the graph, in order. */
export function writeCost({ multiplyAdds, parameters, steps }: NetworkCost): CountFlopsResponse {
  return {
    flops: BigInt(multiplyAdds),
    parameterCount: BigInt(parameters),
    operations: steps.map(({ layer, operation, shape, multiplyAdds: flops }) => ({
      layer,
      operation,
      outputShape: [...shape],
      flops: BigInt(flops),
    })),
  };
}
