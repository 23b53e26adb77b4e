/** @file The U-Net F(x, c_noise, labels) (numerics, section 2). */
import type { Value } from "@tandem/graph";
import { mpCat, mpFourier, mpSilu, mpSum } from "../magnitude-preserving.js";
import { block } from "./block.js";
import type { Edm2UnetConfig } from "./config.js";
import type { Layers } from "./layers.js";
import { planUnet, type UnetPlan } from "./plan.js";

/** What the network sees: x [N,C,R,R] scaled, noise [N,1] = c_noise, labels [N,L] or null. */
export interface UnetInputs {
  readonly x: Value;
  readonly noise: Value;
  readonly labels: Value | null;
}

/** Builds F. @returns [N,C,R,R] */
export function unet(layers: Layers, config: Edm2UnetConfig, inputs: UnetInputs): Value {
  const { g } = layers;
  const plan = planUnet(config);
  const embedding = embed(layers, config, plan, inputs);
  // A channel of ones beside the image's: the network has no biases, and this stands in for them.
  const biased = g.pad(inputs.x, 1, 1);
  let x = layers.conv(plan.first.name, biased, plan.first.channels, 3);
  const skips = [x];
  for (const each of plan.encoder) {
    x = layers.inside(each.name, () => layers.record(each.name, block(layers, config, each, x, embedding)));
    skips.push(x);
  }
  for (const each of plan.decoder) {
    x = layers.inside(each.name, () => {
      const joined = each.skipChannels > 0 ? mpCat(g, x, skips.pop()!, config.concatBalance) : x;
      return layers.record(each.name, block(layers, config, each, joined, embedding));
    });
  }
  return layers.record("unet", layers.conv("unet.out_conv", x, config.imgChannels, 3, "unet.out_gain"));
}

/** Noise level and class as one vector per sample: [N, embeddingChannels], float32. */
function embed(layers: Layers, config: Edm2UnetConfig, plan: UnetPlan, { noise, labels }: UnetInputs): Value {
  const { g, parameters } = layers;
  const fourier = layers.inside("unet.emb_fourier", () => {
    const tables = ["freqs", "phases"].map((table) =>
      parameters.buffer(`unet.emb_fourier.${table}`, [plan.noiseChannels]),
    );
    return layers.record("unet.emb_fourier", mpFourier(g, noise, tables[0]!, tables[1]!));
  });
  const fromNoise = layers.linear("unet.emb_noise", fourier, plan.embeddingChannels);
  return layers.inside("unet", () => {
    if (labels === null) return mpSilu(g, fromNoise);
    const scaled = g.scale(labels, Math.sqrt(config.labelDim));
    const fromLabels = layers.linear("unet.emb_label", scaled, plan.embeddingChannels);
    return mpSilu(g, mpSum(g, fromNoise, fromLabels, config.labelBalance));
  });
}
