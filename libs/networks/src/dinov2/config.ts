/** @file Configuration of DINOv2's vision transformers (arXiv 2304.07193). Defaults are those of ViT-L/14. */
import { invalid } from "@tandem/errors";
import { Fields, type Unchecked } from "../fields.js";

/** A vision transformer over square patches. */
export interface Dinov2Config {
  readonly embedDim: number;
  readonly depth: number;
  readonly numHeads: number;
  readonly patchSize: number;
  /** Side of the images that it was trained on, pixels: positions are stored for its grid, 518 / 14 = 37. */
  readonly imageSize: number;
  /** Hidden width of the feed-forward layers. */
  readonly hiddenDim: number;
  /** `swiglu` is the giant's: silu(a) b of two halves. */
  readonly ffn: "mlp" | "swiglu";
  /** Tokens beside the class's and the patches', of the `_reg` variants. */
  readonly numRegisters: number;
  /**
   * How positions come to other grids: the step between two patches is 37 / (16 + offset). The published models without
   * registers have 0.1; those with registers, and another library's port of both, have 0.
   */
  readonly interpolateOffset: number;
  /** Whether the positions' resampling averages when it shrinks; the `_reg` variants do. */
  readonly interpolateAntialias: boolean;
}

const known = [
  "embedDim",
  "depth",
  "numHeads",
  "patchSize",
  "imageSize",
  "hiddenDim",
  "ffn",
  "numRegisters",
  "interpolateOffset",
  "interpolateAntialias",
] as const satisfies readonly (keyof Dinov2Config)[];

/** Checks a configuration and fills in defaults. @throws DomainError FIELD_INVALID naming the field under `path` */
export function dinov2Config(values: Unchecked, path: string): Dinov2Config {
  const fields = new Fields(values, path);
  const embedDim = fields.integer("embedDim", [1, 16384], 1024);
  const config: Dinov2Config = {
    embedDim,
    depth: fields.integer("depth", [1, 256], 24),
    numHeads: fields.integer("numHeads", [1, 1024], 16),
    patchSize: fields.integer("patchSize", [1, 256], 14),
    imageSize: fields.integer("imageSize", [1, 4096], 518),
    hiddenDim: fields.integer("hiddenDim", [1, 65536], 4 * embedDim),
    ffn: fields.choice("ffn", ["mlp", "swiglu"], "mlp"),
    numRegisters: fields.integer("numRegisters", [0, 64], 0),
    interpolateOffset: fields.number("interpolateOffset", [0, 1], 0.1),
    interpolateAntialias: fields.boolean("interpolateAntialias", false),
  };
  fields.done(known);
  if (embedDim % config.numHeads !== 0)
    throw invalid(`${path}.numHeads`, config.numHeads, `a divisor of embedDim, which is ${embedDim}`);
  if (config.imageSize % config.patchSize !== 0)
    throw invalid(`${path}.imageSize`, config.imageSize, `a multiple of patchSize, which is ${config.patchSize}`);
  return config;
}
