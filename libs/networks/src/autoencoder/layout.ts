/** @file How weights files name an autoencoder's tensors, and what the tensors tell of its configuration. */
import { DomainError } from "@tandem/errors";
import type { TensorData } from "@tandem/formats";
import type { Unchecked } from "../fields.js";

type Tensors = ReadonlyMap<string, TensorData>;

/** Tensors that every autoencoder has, and no other network known here. */
const marks = ["encoder.conv_in.weight", "decoder.conv_in.weight"];

/** Prefixes under which files of whole pipelines, or of training, hold it. */
const prefixes = ["", "state_dict.", "module.", "vae."];

/** The attention's linear layers by the names of the layout's first years. */
const oldNames: Readonly<Record<string, string>> = {
  query: "to_q",
  key: "to_k",
  value: "to_v",
  proj_attn: "to_out.0",
};

const prefixOf = (names: { has(name: string): boolean }): string | undefined =>
  prefixes.find((prefix) => marks.every((mark) => names.has(prefix + mark)));

/** Whether tensors of these names are an autoencoder's. */
export const isAutoencoder = (names: { has(name: string): boolean }): boolean => prefixOf(names) !== undefined;

/** A name of today for one of then. */
export const currentName = (name: string): string =>
  name.replace(/(attentions\.\d+\.)(query|key|value|proj_attn)\./, (_, before, old) => `${before}${oldNames[old]}.`);

/** The tensors by their current names. @throws DomainError MODEL_INCOMPATIBLE naming the file */
export function byCurrentNames(tensors: Tensors, file: string): Map<string, TensorData> {
  const prefix = prefixOf(tensors);
  if (prefix === undefined)
    throw new DomainError(
      "MODEL_INCOMPATIBLE",
      `${file} holds no autoencoder: tensors ${marks.join(" and ")} are missing; known is the diffusers layout of AutoencoderKL`,
      { resource: file },
    );
  const inside = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(inside.map(([name, tensor]) => [currentName(name.slice(prefix.length)), tensor]));
}

/** What names and shapes tell, as a `config.json` says it. The groups of the normalizations they do not tell: 32 is the layout's rule. */
export function inferredConfig(tensors: Tensors, file: string): Unchecked {
  const levels = countFrom((i) => tensors.has(`encoder.down_blocks.${i}.resnets.0.conv1.weight`));
  const channels = Array.from(
    { length: levels },
    (_, i) => tensors.get(`encoder.down_blocks.${i}.resnets.0.conv1.weight`)!.shape[0]!,
  );
  if (channels.some((count) => count % 32 !== 0))
    throw new DomainError(
      "FIELD_INVALID",
      `${file}: levels of ${channels} channels do not divide into 32 groups, and no config.json beside it says norm_num_groups`,
      { field: "norm_num_groups", resource: file },
    );
  return {
    in_channels: tensors.get("encoder.conv_in.weight")!.shape[1],
    latent_channels: tensors.get("decoder.conv_in.weight")!.shape[1],
    block_out_channels: channels,
    layers_per_block: countFrom((i) => tensors.has(`encoder.down_blocks.0.resnets.${i}.conv1.weight`)),
    norm_num_groups: 32,
    mid_block_add_attention: tensors.has("encoder.mid_block.attentions.0.to_q.weight"),
    use_quant_conv: tensors.has("quant_conv.weight"),
    use_post_quant_conv: tensors.has("post_quant_conv.weight"),
  };
}

function countFrom(isThere: (index: number) => boolean): number {
  let count = 0;
  while (isThere(count)) count++;
  return count;
}
