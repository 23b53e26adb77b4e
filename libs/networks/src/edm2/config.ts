/** @file Configuration of the EDM2 U-Net (arXiv 2312.02696, configuration G). Field for field the contract's Edm2Unet. */
import { invalid } from "@tandem/errors";
import { Fields, type Unchecked } from "../fields.js";

/** Every field, defaults filled in. */
export interface Edm2UnetConfig {
  /** Height and width of a sample; divisible by 2^(levels - 1). */
  readonly imgResolution: number;
  /** Channels of a sample. */
  readonly imgChannels: number;
  /** Width of a label row; 0 means unconditional. */
  readonly labelDim: number;
  /** Base channel count; 192. */
  readonly modelChannels: number;
  /** Channel multiplier of each level; [1, 2, 3, 4]. */
  readonly channelMult: readonly number[];
  /** Multiplier of the noise embedding; the first of channelMult. */
  readonly channelMultNoise: number;
  /** Multiplier of the embedding; the largest of channelMult. */
  readonly channelMultEmb: number;
  /** Blocks per level; 3. */
  readonly numBlocks: number;
  /** Resolutions with self-attention; [16, 8]. */
  readonly attnResolutions: readonly number[];
  /** Channels of an attention head; 64. Blocks with fewer channels have no attention. */
  readonly channelsPerHead: number;
  /** Dropout probability in training; 0. Inference ignores it. */
  readonly dropout: number;
  /** Weight of the class against the noise embedding, 0 to 1; 0.5. */
  readonly labelBalance: number;
  /** Weight of the skip connection against the main path, 0 to 1; 0.5. */
  readonly concatBalance: number;
  /** Weight of the residual against the main branch, 0 to 1; 0.3. */
  readonly resBalance: number;
  /** Weight of attention against the main branch, 0 to 1; 0.3. */
  readonly attnBalance: number;
  /** Activations are clipped to plus or minus this; 256. Infinity means no clipping. */
  readonly clipAct: number;
  /** Width of the uncertainty head; 128. */
  readonly logvarChannels: number;
  /** Standard deviation of the data; 0.5. */
  readonly sigmaData: number;
}

const share = [0, 1] as const;

/** Checks a configuration and fills in its defaults. @throws DomainError FIELD_INVALID naming the field */
export function edm2UnetConfig(values: Unchecked, path = "network.edm2Unet"): Edm2UnetConfig {
  const fields = new Fields(values, path);
  const channelMult = fields.integers("channelMult", { range: [1, 64], length: [1, 10] }, [1, 2, 3, 4]);
  const config: Edm2UnetConfig = {
    imgResolution: fields.integer("imgResolution", [1, 4096]),
    imgChannels: fields.integer("imgChannels", [1, 1024]),
    labelDim: fields.integer("labelDim", [0, 1 << 20], 0),
    modelChannels: fields.integer("modelChannels", [1, 4096], 192),
    channelMult,
    channelMultNoise: fields.integer("channelMultNoise", [1, 64], channelMult[0]),
    channelMultEmb: fields.integer("channelMultEmb", [1, 64], Math.max(...channelMult)),
    numBlocks: fields.integer("numBlocks", [1, 64], 3),
    attnResolutions: fields.integers("attnResolutions", { range: [1, 4096], length: [0, 32] }, [16, 8]),
    channelsPerHead: fields.integer("channelsPerHead", [1, 4096], 64),
    dropout: fields.number("dropout", share, 0),
    labelBalance: fields.number("labelBalance", share, 0.5),
    concatBalance: fields.number("concatBalance", share, 0.5),
    resBalance: fields.number("resBalance", share, 0.3),
    attnBalance: fields.number("attnBalance", share, 0.3),
    clipAct: fields.positive("clipAct", 256, { infinite: true }),
    logvarChannels: fields.integer("logvarChannels", [1, 65536], 128),
    sigmaData: fields.positive("sigmaData", 0.5),
  };
  fields.done(Object.keys(config));
  const lowest = 2 ** (channelMult.length - 1);
  if (config.imgResolution % lowest !== 0) {
    throw invalid(
      `${path}.imgResolution`,
      config.imgResolution,
      `a multiple of ${lowest}, as channelMult has ${channelMult.length} levels`,
    );
  }
  return config;
}
