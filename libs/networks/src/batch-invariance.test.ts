/**
 * Which requests share a batch depends on who else is asking. If that changed a single bit, the same seed would give another
 * image tomorrow, and a run that moves to a second server would not continue the first.
 */
import { describe, expect, it } from "@jest/globals";
import { type NetworkConfig, networkConfig } from "./architectures.js";
import { buildDenoiser } from "./build.js";
import { openSession } from "./golden.js";
import { randomNetwork } from "./random-network.js";

const unet = (fields: Record<string, unknown>) => networkConfig({ kind: "edm2_unet", numBlocks: 1, ...fields });

const configs: Record<string, NetworkConfig> = {
  "a class-conditional U-Net": unet({
    imgResolution: 16,
    imgChannels: 3,
    modelChannels: 16,
    labelDim: 10,
    channelMult: [1, 2],
    channelsPerHead: 8,
  }),
  "a U-Net whose extents fill no vector register": unet({
    imgResolution: 14,
    imgChannels: 1,
    modelChannels: 13,
    labelDim: 3,
    channelMult: [1, 2],
    attnResolutions: [7],
    channelsPerHead: 13,
    logvarChannels: 5,
  }),
  "the toy": networkConfig({ kind: "toy_mlp", hiddenDim: 33 }),
  "a mixture": networkConfig({ kind: "gaussian_mixture", numComponents: 37 }),
};

const size = (shape: readonly unknown[]) =>
  shape.slice(1).reduce<number>((product, extent) => product * Number(extent), 1);

describe.each(Object.entries(configs))("a sample of %s", (_, config) => {
  it("gives the same bits in any batch and on any number of threads", async () => {
    const model = await buildDenoiser(randomNetwork(config, 1));
    const batch = 32;
    const value = (name: string, i: number) =>
      name === "sigma" ? Math.exp(((i * 37) % batch) / 3 - 6) : Math.sin(1.7 * i + 0.001 * i * i);
    const inputs = model.inputs.map(({ name, shape }) => {
      const each = size(shape);
      return { name, each, shape, data: Float32Array.from({ length: batch * each }, (_, i) => value(name, i)) };
    });
    const runs = await Promise.all([1, 2].map((threads) => openSession(model, { intraOpNumThreads: threads })));
    const part = (run: (typeof runs)[number], from: number, to: number) =>
      run(
        Object.fromEntries(
          inputs.map(({ name, each, shape, data }) => [
            name,
            { data: data.slice(from * each, to * each), shape: [to - from, ...shape.slice(1).map(Number)] },
          ]),
        ),
      );
    const whole = await part(runs[0]!, 0, batch);
    for (const [from, to] of [
      [0, 1],
      [5, 6],
      [31, 32],
      [3, 5],
      [8, 16],
      [1, 20],
    ] as const) {
      for (const run of runs) {
        const outputs = await part(run, from, to);
        for (const { name, shape } of model.outputs) {
          const each = size(shape);
          expect([name, from, outputs[name]]).toEqual([name, from, whole[name]!.slice(from * each, to * each)]);
        }
      }
    }
  });
});
