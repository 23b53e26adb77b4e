/** Published comparisons are by cost: ours must be the reference's count, and free to ask for. */
import { describe, expect, it } from "@jest/globals";
import { networkConfig } from "./architectures.js";
import { countCost } from "./cost.js";
import { camelCaseFields } from "./file/reference-fields.js";
import { goldenJson } from "./golden.js";
import { randomNetwork } from "./random-network.js";

interface Expected {
  config: Record<string, unknown>;
  params: number;
  multiply_adds: number;
}

const cases = Object.entries(goldenJson("flops.json") as Record<string, Expected>);

describe("the cost of a network", () => {
  it.each(cases)("is the reference's for %s", (_, { config, params, multiply_adds: expected }) => {
    const cost = countCost(networkConfig({ kind: "edm2_unet", ...camelCaseFields(config) }));
    expect(cost.parameters).toBe(params);
    expect(Math.abs(cost.multiplyAdds / expected - 1)).toBeLessThan(0.001);
    expect(cost.layers.reduce((sum, layer) => sum + layer.multiplyAdds, 0)).toBe(cost.multiplyAdds);
    expect(cost.layers.reduce((sum, layer) => sum + layer.parameters, 0)).toBe(params);
  });

  it("is that of the paper for XXL, counted without making its 1.5 billion weights", () => {
    const config = networkConfig({
      kind: "edm2_unet",
      imgResolution: 64,
      imgChannels: 4,
      labelDim: 1000,
      modelChannels: 448,
    });
    const start = performance.now();
    expect(countCost(config).multiplyAdds / 1e9).toBeCloseTo(552, -1);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it("counts as many parameters as the network has", () => {
    const config = networkConfig({
      kind: "edm2_unet",
      imgResolution: 8,
      imgChannels: 1,
      modelChannels: 8,
      channelMult: [1],
    });
    const { tensors } = randomNetwork(config, 1);
    const trained = [...tensors].filter(([name]) => !/\.(freqs|phases)$/.test(name));
    const total = trained.reduce((sum, [, { shape }]) => sum + shape.reduce((a, b) => a * b, 1), 0);
    expect(countCost(config).parameters).toBe(total);
  });
});
