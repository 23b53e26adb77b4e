/** @file The export job: weights into another format, in a process of its own. */

import { basename, extname, join } from "node:path";
import { DataType, ExportFormat, type ExportSpec } from "@tandem/contracts";
import { DomainError, invalid } from "@tandem/errors";
import { makeFolder } from "@tandem/formats";
import { type Artifacts, type JobContext, type JobEnd, type JobKind, jobKind, runInChild } from "@tandem/jobs";
import { known } from "@tandem/rpc";
import type { Storage } from "@tandem/storage";
import type { ExportFormatName, ExportInput, ExportType } from "./export-input.js";

const process = new URL("./export-process.js", import.meta.url);

const formats: Readonly<Record<number, ExportFormatName>> = {
  [ExportFormat.EXPORT_FORMAT_ONNX]: "onnx",
  [ExportFormat.EXPORT_FORMAT_SAFETENSORS]: "safetensors",
};
const types: Readonly<Record<number, ExportType | "source">> = {
  [DataType.DATA_TYPE_UNSPECIFIED]: "source",
  [DataType.DATA_TYPE_FLOAT32]: "float32",
  [DataType.DATA_TYPE_FLOAT16]: "float16",
};

/** What exports are done with. */
export interface ExportSettings {
  readonly storage: Storage;
  /** Folder of files that name no output. */
  readonly exports: string;
  readonly threads: number;
}

/** Export jobs of a server. */
export class Exports {
  readonly kind: JobKind;

  constructor(
    private readonly artifacts: Artifacts,
    private readonly settings: ExportSettings,
  ) {
    this.kind = jobKind({ kind: "weightsExport", pausable: false, run: (context) => this.#run(context) });
  }

  /** The request, checked; its source is there. @throws DomainError FIELD_INVALID, RESOURCE_NOT_FOUND, URI_NOT_ALLOWED, NOT_SUPPORTED */
  async resolve(spec: ExportSpec): Promise<ExportSpec> {
    const format = known(spec.format, formats, ExportFormat, "spec.format");
    known(spec.dataType, types, DataType, "spec.data_type");
    if (spec.opset !== 0)
      throw new DomainError("NOT_SUPPORTED", "this trainer chooses the operator set: the lowest that suffices", {
        field: "spec.opset",
      });
    if (spec.outputUri !== "" && extname(spec.outputUri) !== `.${format}`)
      throw invalid("spec.output_uri", spec.outputUri, `a file that ends in .${format}`);
    await this.artifacts.localPath(spec.source, "spec.source");
    return spec;
  }

  async #run(context: JobContext<"weightsExport">): Promise<JobEnd<"weightsExport">> {
    const { spec, name } = context;
    const format = known(spec.format, formats, ExportFormat, "spec.format");
    const type = known(spec.dataType, types, DataType, "spec.data_type");
    const source = await this.artifacts.localPath(spec.source, "spec.source");
    const input: ExportInput = {
      source,
      target: await this.#target(spec, `${basename(source, extname(source))}.${format}`, name),
      format,
      type: type === "source" ? undefined : type,
      threads: this.settings.threads,
    };
    return runInChild(process, input, context);
  }

  async #target({ outputUri }: ExportSpec, name: string, job: string): Promise<string> {
    if (outputUri !== "") return this.settings.storage.localTarget(outputUri, { create: true });
    const folder = join(this.settings.exports, basename(job));
    await makeFolder(folder);
    return join(folder, name);
  }
}
