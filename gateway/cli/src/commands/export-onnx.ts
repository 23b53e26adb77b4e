/** @file `tandem export-onnx`: a network as one ONNX file that any runtime can load. */
import { dirname } from "node:path";
import { DomainError } from "@tandem/errors";
import { writeOnnx } from "@tandem/networks";
import type { Command } from "commander";
import type { Context } from "../context.js";
import { prepareFolder } from "../generate/image-files.js";
import { readNetworkFile } from "../networks/read.js";
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
Weights are normalized and folded in; the file is for inference: --net and --gnet take it, import and flops do not.`,
  example: "tandem export-onnx net.safetensors --dest net.onnx --dtype float16",
  options: (command: Command) =>
    command
      .requiredOption("--dest <file>", "file to write; an existing one is replaced")
      .option(
        "--batch <n>",
        "fixed batch size N, 1 to 4096; smaller batches take as long (default: any)",
        integer(1, 4096),
      )
      .option(
        "--dtype <type>",
        "arithmetic of the bulk of the network, and its weights: float32, float16",
        oneOf("float32", "float16"),
        "float32",
      ),
  async action(context: Context, { dest, batch, dtype }: ExportOptions, [net = ""]: string[]) {
    const network = await readNetworkFile(net, context);
    await prepareFolder("--dest", dirname(dest));
    const { inputs, outputs, sizeBytes } = await written(dest, () =>
      writeOnnx(dest, network, { computeType: dtype, batch }),
    );
    const extents = (shape: readonly (number | string)[]) =>
      `[${shape.map((extent) => (extent === "N" && batch ? batch : extent)).join(",")}]`;
    const ports = [...inputs, ...outputs].map(({ name, shape }) => `${name} ${extents(shape)}`);
    context.output.result(
      { dest, dtype, batch: batch ?? null, sizeBytes, ports },
      `${dest}  ${(sizeBytes / 1e6).toFixed(1)} MB, ${dtype}; ${ports.join(", ")}`,
    );
  },
};

/** The network may be at fault as well as the file. */
async function written<T>(dest: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    throw error instanceof DomainError && error.details.resource === dest ? outputError("--dest", error) : error;
  }
}
