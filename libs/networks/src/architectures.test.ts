/** A wrong field must be named, not become a network that nobody asked for. */
import { describe, expect, it } from "@jest/globals";
import { labelDim, networkConfig, sampleShape } from "./architectures.js";
import { buildDenoiser } from "./build.js";
import { openSession } from "./golden.js";
import { randomNetwork } from "./random-network.js";

const unet = { kind: "edm2_unet", imgResolution: 16, imgChannels: 3 };

describe("a network's configuration", () => {
  it("gets the paper's defaults", () => {
    const config = networkConfig(unet);
    expect(config).toMatchObject({
      modelChannels: 192,
      channelMult: [1, 2, 3, 4],
      channelMultNoise: 1,
      channelMultEmb: 4,
      numBlocks: 3,
    });
    expect(config).toMatchObject({
      attnResolutions: [16, 8],
      channelsPerHead: 64,
      resBalance: 0.3,
      clipAct: 256,
      logvarChannels: 128,
    });
    expect([sampleShape(config), labelDim(config)]).toEqual([[3, 16, 16], 0]);
  });

  it.each([
    [{ imgResolution: undefined }, /network\.edm2Unet\.imgResolution|network\.imgResolution/],
    [{ imgResolution: 20.5 }, /imgResolution is 20\.5; it must be a whole number/],
    [{ imgResolution: 20 }, /imgResolution is 20; it must be a multiple of 8/],
    [{ channelMult: [] }, /channelMult/],
    [{ labelBalance: 2 }, /labelBalance is 2; it must be a number from 0 to 1/],
    [{ labelBalance: Number.NaN }, /labelBalance is NaN/],
    [{ clipAct: 0 }, /clipAct is 0; it must be positive/],
    [{ modelChannel: 64 }, /modelChannel is 64; it must be absent/],
  ])("names the field in %j", (fields, message) => {
    expect(() => networkConfig({ ...unet, ...fields })).toThrow(message);
  });

  it("names an architecture that it does not know", () => {
    expect(() => networkConfig({ kind: "dit" })).toThrow(/"dit".*edm2_unet, toy_mlp, gaussian_mixture/);
  });
});

describe("a U-Net of unusual extents", () => {
  it.each([
    ["an odd resolution on one level", { imgResolution: 7, channelMult: [1] }],
    ["a resolution that is no power of two", { imgResolution: 20, channelMult: [1, 2, 1], attnResolutions: [5] }],
    ["one pixel at the lowest level", { imgResolution: 4, channelMult: [1, 1, 1], attnResolutions: [1] }],
    [
      "blocks narrower than a head",
      { imgResolution: 8, channelMult: [1, 1], channelsPerHead: 64, attnResolutions: [8, 4] },
    ],
    ["several heads", { imgResolution: 8, channelMult: [1, 2], channelsPerHead: 4, attnResolutions: [8, 4] }],
    [
      "no attention, no clipping, other widths",
      {
        imgResolution: 8,
        channelMult: [2, 1],
        attnResolutions: [],
        clipAct: Number.POSITIVE_INFINITY,
        channelMultNoise: 3,
        channelMultEmb: 1,
      },
    ],
  ])("works with %s", async (_, fields) => {
    const config = networkConfig({ kind: "edm2_unet", imgChannels: 2, modelChannels: 8, numBlocks: 1, ...fields });
    const run = await openSession(await buildDenoiser(randomNetwork(config, 1)));
    const shape = [2, ...sampleShape(config)];
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.3);
    const { denoised } = await run({ x: { data, shape }, sigma: { data: Float32Array.of(0.1, 3), shape: [2] } });
    expect(denoised!.length).toBe(data.length);
    expect(denoised!.every(Number.isFinite)).toBe(true);
  });
});
