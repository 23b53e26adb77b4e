/** @file One residual block in rows (numerics, section 2, "Block"): the inference block with its sums inside of the products. */
import { fixed, type Value } from "@tandem/graph";
import type { Edm2UnetConfig } from "../config.js";
import type { BlockPlan } from "../plan.js";
import { attentionOrder } from "./trained-tensor.js";
import type { TrainingLayers } from "./training-layers.js";

/** 1 / 0.596: MP-SiLU's factor (eq. 81), which the next product takes along. */
const SILU_FACTOR = 1 / 0.596;

/** What a block yields beside its result. */
export interface BlockNotes {
  /** Squared lengths of the result's rows, where the configuration clips: they say whether a clip could matter. */
  readonly squares: Value[];
  /** Input names and shapes of dropout masks. */
  readonly masks: Map<string, readonly number[]>;
}

/** (1-t) a + t b as factors of MP-sum (eq. 88). */
export function sumFactors(t: number): readonly [a: number, b: number] {
  const length = Math.sqrt((1 - t) ** 2 + t ** 2);
  return [(1 - t) / length, t / length];
}

/** x [N*R*R, inChannels], embedding [N, E] -> [N*R'*R', outChannels]. `isExact` clips instead of noting. */
export function trainingBlock(
  layers: TrainingLayers,
  config: Edm2UnetConfig,
  plan: BlockPlan,
  input: Value,
  embedding: Value,
  notes: BlockNotes,
  isExact: boolean,
): Value {
  const { g } = layers;
  const { name, flavor, inChannels, outChannels, heads } = plan;
  const isWide = inChannels !== outChannels;
  const skip = (x: Value, factor = 1) =>
    isWide ? layers.linear(`${name}.conv_skip`, x, outChannels, { isConv: true, factor }) : x;

  let x = resample(layers, plan, input);
  if (flavor === "enc") x = g.normalizeRows(skip(x));
  let y = layers.conv(`${name}.conv_res0`, g.silu(x), outChannels, { factor: SILU_FACTOR });
  y = g.silu(modulate(layers, name, y, embedding));
  if (config.dropout > 0) {
    const mask = `${name}.dropout`;
    notes.masks.set(mask, y.shape as readonly number[]);
    y = g.mul(y, g.input(mask, y.shape));
  }
  const [a, b] = sumFactors(config.resBalance);
  const joinsHere = flavor === "dec" && isWide;
  const addend = joinsHere ? skip(x, a) : x;
  const sum = { factor: b * SILU_FACTOR, addend, beta: joinsHere ? 1 : a };
  x = layers.conv(`${name}.conv_res1`, y, outChannels, sum);
  if (heads > 0) x = attend(layers, config, name, x, heads);
  if (config.clipAct === Number.POSITIVE_INFINITY) return x;
  if (isExact) return g.clip(x, config.clipAct);
  notes.squares.push(g.rowSquares(x));
  return x;
}

/** y scaled by channel: by 1 + gain linear(embedding). */
function modulate(layers: TrainingLayers, name: string, y: Value, embedding: Value): Value {
  const { g, batch } = layers;
  const [rows, channels] = [fixed(y.shape, 0), fixed(y.shape, 1)];
  const linear = layers.linear(`${name}.emb_linear`, embedding, channels);
  const factors = g.shift(g.mul(linear, layers.gain(`${name}.emb_gain`)), 1);
  const images = g.reshape(y, [batch, rows / batch, channels]);
  return g.reshape(g.mul(images, g.reshape(factors, [batch, 1, channels])), y.shape);
}

function resample(layers: TrainingLayers, { resample }: BlockPlan, x: Value): Value {
  const { g } = layers;
  const side = layers.side(x);
  if (resample === "down") return g.halveRows(x, side);
  return resample === "up" ? g.doubleRows(x, side) : x;
}

/** Attention of every head, its sum with x included. */
function attend(layers: TrainingLayers, config: Edm2UnetConfig, name: string, x: Value, heads: number): Value {
  const { g, batch } = layers;
  const [rows, channels] = [fixed(x.shape, 0), fixed(x.shape, 1)];
  const width = channels / heads;
  const pixels = rows / batch;
  const order = attentionOrder(heads, width);
  const qkv = layers.linear(`${name}.attn_qkv`, x, 3 * channels, { isConv: true, order });
  const attended = g.layer(name, () => {
    const vectors = g.normalizeRows(g.reshape(qkv, [rows * 3 * heads, width]));
    const parts = g.transpose(g.reshape(vectors, [batch, pixels, 3, heads, width]), [2, 0, 3, 1, 4]);
    return g.reshape(g.transpose(g.attention(parts), [0, 2, 1, 3]), [rows, channels]);
  });
  const [a, b] = sumFactors(config.attnBalance);
  return layers.linear(`${name}.attn_proj`, attended, channels, { isConv: true, factor: b, addend: x, beta: a });
}
