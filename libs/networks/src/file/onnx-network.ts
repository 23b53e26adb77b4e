/** @file ONNX files as networks: those that `writeOnnx` made, which say what they are, and others with the same inputs and outputs. */
import { DomainError } from "@tandem/errors";
import { sniff } from "@tandem/formats";
import { parseOnnx } from "@tandem/graph";
import { labelDim, sampleShape } from "../architectures.js";
import type { OnnxNetwork } from "../network.js";
import { contentDigestKey } from "./content-digest.js";
import { fromMetadata } from "./metadata.js";
import { onnxPorts } from "./onnx-ports.js";

/** Key of the text that says which weights a file was exported from. */
export const weightsDigestKey = "weights_digest";

/** Tag of ModelProto's first field, the IR version: ONNX has no other mark. */
const FIRST_TAG = 0x08;

/** Whether a file is ONNX, by its bytes, or by its name when they say nothing. */
export const isOnnx = (bytes: Uint8Array, path: string): boolean =>
  sniff(bytes) !== "safetensors" && (bytes[0] === FIRST_TAG || /\.onnx$/i.test(path));

/**
 * The network of an ONNX file, and whether it must have our seal. Without our texts in it, architecture, encoding and provenance are unknown.
 * @throws DomainError UNSAFE_FILE, NOT_SUPPORTED, FIELD_INVALID, or MODEL_INCOMPATIBLE (its texts speak of another graph)
 */
export function onnxNetwork(bytes: Uint8Array, path: string): Omit<OnnxNetwork, "digest"> & { isSealed: boolean } {
  const { inputs, outputs, metadata, weightType } = parseOnnx(bytes, path);
  const { sampleShape, labelDim, ...ports } = onnxPorts({ inputs, outputs }, path);
  const graph = {
    format: "onnx" as const,
    model: { protobuf: bytes, externalData: [], ...ports },
    computeType: weightType,
    sampleShape,
    labelDim,
    isSealed: metadata.format !== undefined || metadata[contentDigestKey] !== undefined,
  };
  if (metadata.format === undefined)
    return { ...graph, config: undefined, encoding: undefined, provenance: {}, weightsDigest: undefined };
  const described = fromMetadata(path, metadata);
  checkDescription(path, described.config, graph);
  return { ...graph, ...described, weightsDigest: metadata[weightsDigestKey] };
}

/** What a file says of itself must be what its graph takes. */
function checkDescription(
  path: string,
  config: NonNullable<OnnxNetwork["config"]>,
  graph: Pick<OnnxNetwork, "sampleShape" | "labelDim">,
): void {
  const inWords = (shape: readonly number[], labels: number) => `samples [${shape}] and ${labels} labels`;
  const said = inWords(sampleShape(config), labelDim(config));
  const found = inWords(graph.sampleShape, graph.labelDim);
  if (said === found) return;
  throw new DomainError("MODEL_INCOMPATIBLE", `${path}: its metadata says ${said}, its graph takes ${found}`, {
    resource: path,
  });
}
