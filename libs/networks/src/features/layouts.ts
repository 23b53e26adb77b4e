/** @file The layouts in which people have feature networks' weights, each brought to one set of names. */
import { DomainError } from "@tandem/errors";
import type { TensorData } from "@tandem/formats";
import { fromHuggingFace } from "../dinov2/hugging-face.js";
import { dinov2Fields } from "../dinov2/infer-config.js";
import type { Unchecked } from "../fields.js";
import { fromNvidia } from "../inception/nvidia.js";
import type { FeatureNetworkConfig } from "./architectures.js";

type Tensors = ReadonlyMap<string, TensorData>;

/** One way of naming a network's tensors. */
interface Layout {
  readonly kind: FeatureNetworkConfig["kind"];
  /** A tensor that this layout alone has. */
  readonly mark: string;
  /** The tensors by our names. */
  readonly rename: (tensors: Tensors) => Tensors;
  /** What the tensors' shapes tell of the configuration. */
  readonly fields: (renamed: Tensors, file: string) => Unchecked;
}

/** What only training needs is left out: a file may have it or not. */
const without = (pattern: RegExp) => (tensors: Tensors) =>
  new Map([...tensors].filter(([name]) => !pattern.test(name)));

const layouts: readonly Layout[] = [
  {
    // pt_inception-2015-12-05-6726825d.pth
    kind: "inception_v3",
    mark: "Conv2d_1a_3x3.conv.weight",
    rename: without(/\.num_batches_tracked$/),
    fields: () => ({}),
  },
  {
    // inception-v3-2015-12-05.pkl, whose batch normalizations have no gamma
    kind: "inception_v3",
    mark: "layers.conv.weight",
    rename: fromNvidia,
    fields: () => ({}),
  },
  {
    // dinov2_vitl14_pretrain.pth and its sisters
    kind: "dinov2",
    mark: "patch_embed.proj.weight",
    rename: without(/^mask_token$/),
    fields: dinov2Fields,
  },
  {
    // facebook/dinov2-large and its sisters
    kind: "dinov2",
    mark: "embeddings.patch_embeddings.projection.weight",
    rename: (tensors) => without(/^mask_token$/)(fromHuggingFace(tensors)),
    fields: dinov2Fields,
  },
];

/** Prefixes under which checkpoints of larger models hold the network. */
const prefixes = ["", "module.", "dinov2."];

/**
 * Recognizes a layout by its names.
 * @throws DomainError MODEL_INCOMPATIBLE naming the file and the layouts known
 */
export function recognize(tensors: Tensors, file: string): { kind: string; tensors: Tensors; fields: Unchecked } {
  for (const prefix of prefixes) {
    const layout = layouts.find(({ mark }) => tensors.has(prefix + mark));
    if (!layout) continue;
    const inside = [...tensors].filter(([name]) => name.startsWith(prefix));
    const renamed = layout.rename(new Map(inside.map(([name, tensor]) => [name.slice(prefix.length), tensor])));
    return { kind: layout.kind, tensors: renamed, fields: layout.fields(renamed, file) };
  }
  const known = "the FID's Inception-v3 (PyTorch checkpoint or pickled detector), DINOv2 (official or Hugging Face)";
  throw new DomainError(
    "MODEL_INCOMPATIBLE",
    `${file} holds the weights of no feature network known here: ${known}, or a file written by this system`,
    { resource: file },
  );
}
