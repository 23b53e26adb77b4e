/** @file What a finished graph looks like to whoever runs it. */

/** Element types that graphs use. */
export type ElementType = "float32" | "float16" | "int64" | "bool" | "uint8";

/** An extent: a number, or the name of a symbolic one, fixed at each run. The batch is "N" everywhere. */
export type Extent = number | string;

/** Name, type and shape of a graph input or output. */
export interface TensorSpec {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly Extent[];
}

/** Bytes of a large constant, kept outside the protobuf. */
export interface ExternalData {
  /** Location that the protobuf names. */
  readonly path: string;
  /** The bytes; may lie in a SharedArrayBuffer. */
  readonly data: Uint8Array;
}

/** A graph as ONNX: the protobuf without weights, and the weights beside it. */
export interface OnnxModel {
  readonly protobuf: Uint8Array;
  readonly externalData: readonly ExternalData[];
  /**
   * Folder where the external data lies as files, one a path, instead of in `externalData`; and the bytes of all of them.
   * onnxruntime maps them when the protobuf lies beside them; once the session exists they may go.
   */
  readonly externalFolder?: { readonly path: string; readonly byteLength: number };
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}
