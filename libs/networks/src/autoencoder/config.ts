/** @file Configuration of convolutional autoencoders with a Gaussian posterior; by the fields of a diffusers `config.json`. */
import { DomainError, invalid } from "@tandem/errors";
import { Fields, type Unchecked } from "../fields.js";

/** An autoencoder; defaults are those of the one of Stable Diffusion. */
export interface AutoencoderConfig {
  /** Channels of an image. */
  readonly imgChannels: number;
  readonly latentChannels: number;
  /** Channels of each level, the finest first; every level but the last halves height and width. */
  readonly blockOutChannels: readonly number[];
  /** Residual blocks of a level of the encoder; the decoder has one more. */
  readonly layersPerBlock: number;
  /** Groups of every group normalization. */
  readonly normNumGroups: number;
  /** Side of the images that it was trained on, pixels; it takes others. */
  readonly sampleSize: number;
  /** Whether the middle, at the coarsest level, has attention. */
  readonly hasAttention: boolean;
  /** Whether a 1x1 convolution stands behind the encoder, and one before the decoder. */
  readonly hasQuantConv: boolean;
  readonly hasPostQuantConv: boolean;
}

/** Pixels per latent along each axis. */
export const downscaleOf = ({ blockOutChannels }: AutoencoderConfig): number => 2 ** (blockOutChannels.length - 1);

/**
 * Checks what a `config.json` says. Fields that change no number here are passed over: the tensors' names and shapes tell whether
 * the rest is right.
 * @throws DomainError FIELD_INVALID naming the field under `path`; NOT_SUPPORTED for blocks and activations of other networks
 */
export function autoencoderConfig(values: Unchecked, path: string): AutoencoderConfig {
  const fields = new Fields(values, path);
  checkKind(values, path);
  const imgChannels = fields.integer("in_channels", [1, 64], 3);
  if (fields.integer("out_channels", [1, 64], imgChannels) !== imgChannels)
    throw invalid(`${path}.out_channels`, values.out_channels, `in_channels, which is ${imgChannels}`);
  const config: AutoencoderConfig = {
    imgChannels,
    latentChannels: fields.integer("latent_channels", [1, 1024], 4),
    blockOutChannels: fields.integers("block_out_channels", { range: [1, 8192], length: [1, 8] }, [128, 256, 512, 512]),
    layersPerBlock: fields.integer("layers_per_block", [1, 64], 2),
    normNumGroups: fields.integer("norm_num_groups", [1, 8192], 32),
    sampleSize: fields.integer("sample_size", [1, 16384], 256),
    hasAttention: fields.boolean("mid_block_add_attention", true),
    hasQuantConv: fields.boolean("use_quant_conv", true),
    hasPostQuantConv: fields.boolean("use_post_quant_conv", true),
  };
  const odd = config.blockOutChannels.find((channels) => channels % config.normNumGroups !== 0);
  if (odd !== undefined)
    throw invalid(
      `${path}.norm_num_groups`,
      config.normNumGroups,
      `a divisor of every level's channels, ${odd} among them`,
    );
  return config;
}

/** The same as a `config.json` has it. */
export const toDiffusersConfig = (config: AutoencoderConfig): Record<string, unknown> => ({
  _class_name: "AutoencoderKL",
  act_fn: "silu",
  in_channels: config.imgChannels,
  out_channels: config.imgChannels,
  latent_channels: config.latentChannels,
  block_out_channels: config.blockOutChannels,
  down_block_types: config.blockOutChannels.map(() => "DownEncoderBlock2D"),
  up_block_types: config.blockOutChannels.map(() => "UpDecoderBlock2D"),
  layers_per_block: config.layersPerBlock,
  norm_num_groups: config.normNumGroups,
  sample_size: config.sampleSize,
  mid_block_add_attention: config.hasAttention,
  use_quant_conv: config.hasQuantConv,
  use_post_quant_conv: config.hasPostQuantConv,
});

/** What tells other networks of the same library apart from these. */
const kinds: Readonly<Record<string, string>> = {
  _class_name: "AutoencoderKL",
  act_fn: "silu",
  down_block_types: "DownEncoderBlock2D",
  up_block_types: "UpDecoderBlock2D",
};

function checkKind(values: Unchecked, path: string): void {
  for (const [name, known] of Object.entries(kinds)) {
    const found = [values[name] ?? known].flat();
    const stranger = found.find((value) => value !== known);
    if (stranger === undefined) continue;
    const message = `${path}.${name} is ${JSON.stringify(stranger)}; the autoencoders known here have "${known}"`;
    throw new DomainError("NOT_SUPPORTED", message, { field: `${path}.${name}` });
  }
}
