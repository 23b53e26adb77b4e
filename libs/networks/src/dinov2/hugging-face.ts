/** @file The tensor names of Hugging Face's DINOv2 files, brought to the official ones. */
import { fromFloat32, type TensorData, toFloat32 } from "@tandem/formats";

type Tensors = ReadonlyMap<string, TensorData>;

const outside: Readonly<Record<string, string>> = {
  "embeddings.cls_token": "cls_token",
  "embeddings.mask_token": "mask_token",
  "embeddings.register_tokens": "register_tokens",
  "embeddings.position_embeddings": "pos_embed",
  "embeddings.patch_embeddings.projection.weight": "patch_embed.proj.weight",
  "embeddings.patch_embeddings.projection.bias": "patch_embed.proj.bias",
  "layernorm.weight": "norm.weight",
  "layernorm.bias": "norm.bias",
};

/** Parts of a layer, by the beginning of what follows its number. */
const inside: readonly (readonly [string, string])[] = [
  ["attention.output.dense.", "attn.proj."],
  ["layer_scale1.lambda1", "ls1.gamma"],
  ["layer_scale2.lambda1", "ls2.gamma"],
  ["mlp.weights_in.", "mlp.w12."],
  ["mlp.weights_out.", "mlp.w3."],
];

const layer = /^encoder\.layer\.(\d+)\.(.*)$/;
const third = /^attention\.attention\.(query|key|value)\.(weight|bias)$/;

/** The tensors by the official names; query, key and value of a layer become one, in this order. */
export function fromHuggingFace(tensors: Tensors): Map<string, TensorData> {
  const renamed = new Map<string, TensorData>();
  for (const [name, tensor] of tensors) {
    const [, number, part] = layer.exec(name) ?? [];
    if (number === undefined || part === undefined) {
      renamed.set(outside[name] ?? name, tensor);
      continue;
    }
    const [, , kind] = third.exec(part) ?? [];
    if (kind !== undefined) {
      const fused = `blocks.${number}.attn.qkv.${kind}`;
      if (!renamed.has(fused)) renamed.set(fused, fuse(tensors, `encoder.layer.${number}.attention.attention`, kind));
      continue;
    }
    const [from, to] = inside.find(([beginning]) => part.startsWith(beginning)) ?? ["", ""];
    renamed.set(`blocks.${number}.${to}${part.slice(from.length)}`, tensor);
  }
  return renamed;
}

/** Rows of the query's tensor, then the key's, then the value's; what is missing shortens it, and the shape check tells. */
function fuse(tensors: Tensors, attention: string, kind: string): TensorData {
  const thirds = ["query", "key", "value"].flatMap((each) => tensors.get(`${attention}.${each}.${kind}`) ?? []);
  const [rows, ...rest] = thirds[0]!.shape;
  const shape = [rows! * thirds.length, ...rest];
  const values = new Float32Array(new SharedArrayBuffer(4 * shape.reduce((a, b) => a * b, 1)));
  let at = 0;
  for (const each of thirds) {
    values.set(toFloat32(each), at);
    at += values.length / thirds.length;
  }
  return fromFloat32(values, shape, "F32");
}
