/** @file Reads the float32 tensors of a golden file: the few lines of safetensors that tests here need. */
import { readFileSync } from "node:fs";
import type { Tensor } from "../tensor.js";

/** Float32 tensors of a .safetensors file by name; others are left out. */
export function readGoldenTensors(file: URL): Record<string, Tensor> {
  const bytes = readFileSync(file);
  const headerEnd = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString("utf8", 8, headerEnd)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const floats = Object.entries(header).filter(([, entry]) => entry.dtype === "F32");
  return Object.fromEntries(
    floats.map(
      ([
        name,
        {
          shape,
          data_offsets: [start, end],
        },
      ]) => {
        const data = new Float32Array(new Uint8Array(bytes.subarray(headerEnd + start, headerEnd + end)).buffer);
        return [name, { shape, data }];
      },
    ),
  );
}
