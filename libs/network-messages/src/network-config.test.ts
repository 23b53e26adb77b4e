import { describe, expect, it } from "@jest/globals";
import { NetworkConfig as Message } from "@tandem/contracts";
import { readNetworkConfig, writeNetworkConfig } from "./network-config.js";

type Draft<C> = C extends { fromPartial(object: infer D): unknown } ? D : never;

const read = (architecture: NonNullable<Draft<typeof Message>>["architecture"]) =>
  readNetworkConfig(Message.fromPartial({ architecture }), "network");

describe("an architecture in a message", () => {
  it("has the contract's defaults where fields are unset, and keeps 0 where it means something", () => {
    const value = { imgResolution: 64, imgChannels: 4, labelBalance: 0, attnResolutions: { values: [] } };
    expect(read({ $case: "edm2Unet", value })).toEqual({
      kind: "edm2_unet",
      imgResolution: 64,
      imgChannels: 4,
      labelDim: 0,
      modelChannels: 192,
      channelMult: [1, 2, 3, 4],
      channelMultNoise: 1,
      channelMultEmb: 4,
      numBlocks: 3,
      attnResolutions: [],
      channelsPerHead: 64,
      dropout: 0,
      labelBalance: 0,
      concatBalance: 0.5,
      resBalance: 0.3,
      attnBalance: 0.3,
      clipAct: 256,
      logvarChannels: 128,
      sigmaData: 0.5,
    });
    expect(read({ $case: "toyMlp", value: {} })).toEqual({
      kind: "toy_mlp",
      numLayers: 4,
      hiddenDim: 64,
      sigmaData: 0.5,
    });
    expect(read({ $case: "gaussianMixture", value: {} })).toMatchObject({ classes: "A", seed: 2 });
  });

  it.each([
    {
      $case: "edm2Unet" as const,
      value: { imgResolution: 16, imgChannels: 4, channelMult: [1, 2], clipAct: 1 / 0, labelDim: 7 },
    },
    { $case: "toyMlp" as const, value: { hiddenDim: 32, sigmaData: 0.25 } },
    { $case: "gaussianMixture" as const, value: { classes: "AB", seed: 5n } },
  ])("comes back the same: $$case", (architecture) => {
    const config = read(architecture);
    expect(readNetworkConfig(writeNetworkConfig(config), "network")).toEqual(config);
  });

  it.each([
    ["network.edm2_unet.img_resolution", { $case: "edm2Unet" as const, value: { imgChannels: 3 } }],
    [
      "network.edm2_unet.channel_mult",
      { $case: "edm2Unet" as const, value: { imgResolution: 8, imgChannels: 3, channelMult: [0] } },
    ],
    [
      "network.edm2_unet.label_balance",
      { $case: "edm2Unet" as const, value: { imgResolution: 8, imgChannels: 3, labelBalance: Number.NaN } },
    ],
    ["network.toy_mlp.sigma_data", { $case: "toyMlp" as const, value: { sigmaData: -1 } }],
    ["network.gaussian_mixture.classes", { $case: "gaussianMixture" as const, value: { classes: "C" } }],
  ])("names a wrong %s as the contract does", (field, architecture) => {
    expect(() => read(architecture)).toThrow(expect.objectContaining({ details: expect.objectContaining({ field }) }));
    expect(() => read(architecture)).toThrow(field);
  });
});
