/** @file Networks into ONNX files that any runtime can load, and that say what they are. */
import { replaceFile } from "@tandem/formats";
import { type OnnxModel, type Pieces, selfContained, sizeOfPieces } from "@tandem/graph";
import { buildDenoiser } from "../build.js";
import type { Network } from "../network.js";
import { sealed } from "./content-digest.js";
import { toMetadata } from "./metadata.js";
import { weightsDigestKey } from "./onnx-network.js";

export interface WriteOnnxOptions {
  /** Arithmetic of the bulk of the network, and type of its weights. Default float32. */
  readonly computeType?: "float32" | "float16";
  /** Fixes the batch: then every evaluation has this many samples. Default: any number. */
  readonly batch?: number | undefined;
}

/** What was written. */
export interface WrittenOnnx extends Pick<OnnxModel, "inputs" | "outputs"> {
  readonly sizeBytes: number;
}

/**
 * Writes a network as one ONNX file, atomically, for inference only: weights are normalized and folded in. Its texts are those
 * of our safetensors, and the digest of the network.
 * @throws DomainError LIMIT_EXCEEDED over 2 GiB, before anything is written; what `buildDenoiser` and writing say
 */
export async function writeOnnx(path: string, network: Network, options: WriteOnnxOptions = {}): Promise<WrittenOnnx> {
  const { computeType = "float32", batch } = options;
  const model = await buildDenoiser(network, { computeType });
  const metadata = { ...toMetadata(network), [weightsDigestKey]: network.digest };
  const pieces = await sealed(selfContained(model, { batch, metadata }));
  await replaceFile(path, (file) => file.writeFile(joined(pieces)));
  const { inputs, outputs } = model;
  return { inputs, outputs, sizeBytes: sizeOfPieces(pieces) };
}

/** Small pieces together, large ones as they are: thousands of tiny writes would take longer than the weights. */
function* joined(pieces: Pieces): Generator<Uint8Array> {
  const LARGE = 1 << 16;
  let small: Uint8Array[] = [];
  for (const piece of pieces) {
    if (piece.length < LARGE) {
      small.push(piece);
      continue;
    }
    yield Buffer.concat(small);
    small = [];
    yield piece;
  }
  yield Buffer.concat(small);
}
