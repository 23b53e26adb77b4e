/** @file `tandem export-onnx`: a network as one ONNX file that any runtime can load. */
import { dirname } from "node:path";
import { replaceFile } from "@tandem/formats";
import { buildDenoiser } from "@tandem/networks";
import type { Command } from "commander";
import type { Context } from "../context.js";
import { prepareFolder } from "../generate/image-files.js";
import { readNetworkFile } from "../networks/read.js";
import { sizeOfPieces } from "../onnx/protobuf.js";
import { selfContained } from "../onnx/self-contained.js";
import { integer, oneOf } from "../option-values.js";
import { outputError } from "../output/output-error.js";

interface ExportOptions {
  dest: string;
  batch?: number;
  dtype: "float32" | "float16";
}

export const exportOnnx = {
  usage: "export-onnx <net>",
  description: `A network as a self-contained ONNX file.

Inputs: x [N,C,H,W], sigma [N], and labels [N,L] of conditional networks, all float32. Output: denoised [N,C,H,W], and logvar.
Weights are normalized and folded in; the file is for inference.`,
  example: "tandem export-onnx net.safetensors --dest net.onnx --dtype float16",
  options: (command: Command) =>
    command
      .requiredOption("--dest <file>", "file to write; an existing one is replaced")
      .option("--batch <n>", "fixed batch size N, 1 to 4096 (default: any)", integer(1, 4096))
      .option(
        "--dtype <type>",
        "arithmetic of the bulk of the network, and its weights: float32, float16",
        oneOf("float32", "float16"),
        "float32",
      ),
  async action(context: Context, { dest, batch, dtype }: ExportOptions, [net = ""]: string[]) {
    const network = await readNetworkFile(net, context);
    await prepareFolder("--dest", dirname(dest));
    const model = await buildDenoiser(network, { computeType: dtype });
    const pieces = selfContained(model, batch);
    try {
      await replaceFile(dest, (file) => file.writeFile(joined(pieces)));
    } catch (error) {
      throw outputError("--dest", error);
    }
    const extents = (shape: readonly (number | string)[]) =>
      `[${shape.map((extent) => (extent === "N" && batch ? batch : extent)).join(",")}]`;
    const ports = [...model.inputs, ...model.outputs].map(({ name, shape }) => `${name} ${extents(shape)}`);
    const sizeBytes = sizeOfPieces(pieces);
    context.output.result(
      { dest, dtype, batch: batch ?? null, sizeBytes, ports },
      `${dest}  ${(sizeBytes / 1e6).toFixed(1)} MB, ${dtype}; ${ports.join(", ")}`,
    );
  },
};

/** Small pieces together, large ones as they are: thousands of tiny writes would take longer than the weights. */
function* joined(pieces: readonly Uint8Array[]): Generator<Uint8Array> {
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
