/** @file What the shapes of a DINOv2 checkpoint tell of its configuration. */
import { DomainError } from "@tandem/errors";
import type { TensorData } from "@tandem/formats";
import type { Unchecked } from "../fields.js";

/** All published models have heads of this width. */
const headWidth = 64;

/** @param tensors by the official names @throws DomainError MODEL_INCOMPATIBLE naming the tensor that is missing */
export function dinov2Fields(tensors: ReadonlyMap<string, TensorData>, file: string): Unchecked {
  const shape = (name: string, rank: number): readonly number[] => {
    const tensor = tensors.get(name);
    if (tensor?.shape.length === rank) return tensor.shape;
    const found = tensor ? `is [${tensor.shape}]` : "is missing";
    throw new DomainError("MODEL_INCOMPATIBLE", `${file}: tensor ${name} ${found}`, { resource: file });
  };
  const [embedDim, , patchSize] = shape("patch_embed.proj.weight", 4) as [number, number, number, number];
  const grid = Math.sqrt(shape("pos_embed", 3)[1]! - 1);
  const blocks = [...tensors.keys()].flatMap((name) => /^blocks\.(\d+)\./.exec(name)?.[1] ?? []).map(Number);
  const isSwiglu = tensors.has("blocks.0.mlp.w12.weight");
  const numRegisters = tensors.has("register_tokens") ? shape("register_tokens", 3)[1]! : 0;
  return {
    embedDim,
    depth: blocks.reduce((most, block) => Math.max(most, block + 1), 0),
    numHeads: embedDim / headWidth, // no whole number is refused as one: then it must be given
    patchSize,
    imageSize: grid * patchSize,
    hiddenDim: isSwiglu ? shape("blocks.0.mlp.w12.weight", 2)[0]! / 2 : shape("blocks.0.mlp.fc1.weight", 2)[0]!,
    ffn: isSwiglu ? "swiglu" : "mlp",
    numRegisters,
    interpolateOffset: numRegisters > 0 ? 0 : 0.1,
    interpolateAntialias: numRegisters > 0,
  };
}
