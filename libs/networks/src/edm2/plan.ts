/** @file The U-Net as a list of layers, before any graph: names, channels, resolutions (numerics, section 2, "Network"). */
import { invalid } from "@tandem/errors";
import type { Edm2UnetConfig } from "./config.js";

/** One residual block. */
export interface BlockPlan {
  /** State-dict path, e.g. `unet.enc.16x16_block0`. */
  readonly name: string;
  readonly flavor: "enc" | "dec";
  /** What happens to the input first. */
  readonly resample: "keep" | "down" | "up";
  /** Channels that arrive, the skip connection's included. */
  readonly inChannels: number;
  readonly outChannels: number;
  /** Channels of the skip connection that joins the input; 0 for none. */
  readonly skipChannels: number;
  /** Attention heads; 0 for none. */
  readonly heads: number;
}

/** The whole network. */
export interface UnetPlan {
  /** The first convolution: its name and output channels. */
  readonly first: { readonly name: string; readonly channels: number };
  /** In order; every output is a skip connection, as is the first convolution's. */
  readonly encoder: readonly BlockPlan[];
  readonly decoder: readonly BlockPlan[];
  readonly noiseChannels: number;
  readonly embeddingChannels: number;
}

/** Lays the network out. @throws DomainError FIELD_INVALID when heads do not divide a block's channels */
export function planUnet(config: Edm2UnetConfig): UnetPlan {
  const channels = config.channelMult.map((mult) => mult * config.modelChannels);
  const name = (side: "enc" | "dec", level: number, kind: string) => {
    const resolution = config.imgResolution >> level;
    return `unet.${side}.${resolution}x${resolution}_${kind}`;
  };
  const headsAt = (level: number, width: number) =>
    config.attnResolutions.includes(config.imgResolution >> level) ? headCount(config, width) : 0;

  const first = { name: name("enc", 0, "conv"), channels: channels[0]! };
  const skips = [first.channels];
  const encoder: BlockPlan[] = [];
  let width = first.channels;
  channels.forEach((target, level) => {
    const add = (kind: string, outChannels: number, resample: "keep" | "down", heads: number) => {
      encoder.push({
        name: name("enc", level, kind),
        flavor: "enc",
        resample,
        inChannels: width,
        outChannels,
        skipChannels: 0,
        heads,
      });
      width = outChannels;
      skips.push(width);
    };
    if (level > 0) add("down", width, "down", 0);
    for (let i = 0; i < config.numBlocks; i++) add(`block${i}`, target, "keep", headsAt(level, target));
  });

  const decoder: BlockPlan[] = [];
  for (let level = channels.length - 1; level >= 0; level--) {
    const add = (kind: string, outChannels: number, resample: "keep" | "up", heads: number, skipChannels = 0) => {
      const inChannels = width + skipChannels;
      decoder.push({
        name: name("dec", level, kind),
        flavor: "dec",
        resample,
        inChannels,
        outChannels,
        skipChannels,
        heads,
      });
      width = outChannels;
    };
    if (level === channels.length - 1) {
      add("in0", width, "keep", headCount(config, width));
      add("in1", width, "keep", 0);
    } else {
      add("up", width, "up", 0);
    }
    const target = channels[level]!;
    for (let i = 0; i <= config.numBlocks; i++) add(`block${i}`, target, "keep", headsAt(level, target), skips.pop()!);
  }
  return {
    first,
    encoder,
    decoder,
    noiseChannels: config.channelMultNoise * config.modelChannels,
    embeddingChannels: config.channelMultEmb * config.modelChannels,
  };
}

/** Heads of a block that attends: as many as fit; none when the block is narrower than one. */
function headCount({ channelsPerHead }: Edm2UnetConfig, channels: number): number {
  const heads = Math.floor(channels / channelsPerHead);
  if (heads > 0 && channels % heads !== 0) {
    throw invalid(
      "network.edm2Unet.channelsPerHead",
      channelsPerHead,
      `such that its ${heads} heads divide ${channels} channels evenly`,
    );
  }
  return heads;
}
