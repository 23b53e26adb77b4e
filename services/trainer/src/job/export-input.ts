/** @file What the process of an export is told. */

/** Formats of exported weights. */
export type ExportFormatName = "onnx" | "safetensors";
/** Element types of exported weights. */
export type ExportType = "float32" | "float16";

/** An export, with its files found on this machine. */
export interface ExportInput {
  readonly source: string;
  /** File to write. */
  readonly target: string;
  readonly format: ExportFormatName;
  /** Undefined is the source's. */
  readonly type: ExportType | undefined;
  readonly threads: number;
}
