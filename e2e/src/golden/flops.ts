/** @file flops.json: parameters and multiply-adds of published architectures. */
import { countCost } from "@tandem/networks";
import type { GoldenCase } from "./case.js";
import type { GoldenFolder } from "./folder.js";
import { unetConfig } from "./models.js";

type FlopsFile = Record<string, { config: Record<string, unknown>; params: number; multiply_adds: number }>;

export async function* flops(folder: GoldenFolder): AsyncGenerator<GoldenCase> {
  for (const [name, expected] of Object.entries(folder.json<FlopsFile>("flops.json"))) {
    const cost = () => countCost(unetConfig(expected.config));
    yield {
      section: "flops.json",
      name: `${name} parameters`,
      run: async () => ({ error: Math.abs(cost().parameters - expected.params), tolerance: 0 }),
    };
    yield {
      section: "flops.json",
      name: `${name} multiply-adds`,
      run: async () => ({ error: Math.abs(cost().multiplyAdds / expected.multiply_adds - 1), tolerance: 0.01 }),
    };
  }
}
