/** @file One residual block of the U-Net, with attention (numerics, section 2, "Block"). */
import { fixed, type Graph, type Value } from "@tandem/graph";
import { mpSilu, mpSum } from "../magnitude-preserving.js";
import type { Edm2UnetConfig } from "./config.js";
import type { Layers } from "./layers.js";
import type { BlockPlan } from "./plan.js";

/** x [N,inChannels,H,W], embedding [N,E] -> [N,outChannels,H',W']. */
export function block(layers: Layers, config: Edm2UnetConfig, plan: BlockPlan, input: Value, embedding: Value): Value {
  const { g } = layers;
  const { name, flavor, inChannels, outChannels } = plan;
  const skip = (x: Value) => (inChannels === outChannels ? x : layers.conv(`${name}.conv_skip`, x, outChannels, 1));

  let x = resample(g, plan, input);
  if (flavor === "enc") x = g.normalize(skip(x), 1);
  let y = layers.conv(`${name}.conv_res0`, mpSilu(g, x), outChannels, 3);
  const gain = layers.modulation(`${name}.emb_linear`, embedding, outChannels, `${name}.emb_gain`);
  y = mpSilu(g, g.mul(y, gain));
  y = layers.conv(`${name}.conv_res1`, y, outChannels, 3);
  if (flavor === "dec") x = skip(x);
  x = mpSum(g, x, y, config.resBalance);
  if (plan.heads > 0) {
    const attended = layers.conv(`${name}.attn_proj`, attention(layers, name, x, plan.heads), outChannels, 1);
    x = mpSum(g, x, attended, config.attnBalance);
  }
  return config.clipAct === Number.POSITIVE_INFINITY ? x : g.clip(x, config.clipAct);
}

function resample(g: Graph, { resample }: BlockPlan, x: Value): Value {
  if (resample === "down") return g.downsample(x);
  return resample === "up" ? g.upsample(x) : x;
}

/** softmax(qᵀk / sqrt(d)) v for every head; q, k, v normalized over the head's channels. x [N,C,H,W], kept. */
function attention(layers: Layers, name: string, x: Value, heads: number): Value {
  const { g } = layers;
  const [n, channels, height, width] = [x.shape[0]!, fixed(x.shape, 1), fixed(x.shape, 2), fixed(x.shape, 3)];
  const headWidth = channels / heads;
  const pixels = height * width;
  const qkv = layers.conv(`${name}.attn_qkv`, x, channels * 3, 1);
  return layers.inside(name, () => {
    const vectors = g.normalize(g.reshape(qkv, [n, heads, headWidth, 3, pixels]), 2);
    const part = (i: number) => g.reshape(g.slice(vectors, 3, i, i + 1), [n, heads, headWidth, pixels]);
    const weights = g.softmax(g.matmul(part(0), part(1), { transposeA: true, alpha: 1 / Math.sqrt(headWidth) }));
    return g.reshape(g.matmul(part(2), weights, { transposeB: true }), x.shape);
  });
}
