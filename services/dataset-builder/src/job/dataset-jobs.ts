/** @file Dataset jobs of a server: what is asked is checked here, and done in a process of its own. */
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { type ConvertOperation, type DatasetSpec, DatasetTransform, LabelSource } from "@tandem/contracts";
import { discardUnfinished } from "@tandem/datasets";
import { DomainError } from "@tandem/errors";
import { type Artifacts, type JobContext, type JobEnd, type JobKind, jobKind, runInChild } from "@tandem/jobs";
import { known } from "@tandem/rpc";
import type { Storage } from "@tandem/storage";
import { type AutoencoderSettings, Autoencoders } from "../coder/autoencoders.js";
import type { ConvertInput, DatasetInput, Operation, OutputInput } from "./dataset-input.js";
import { hasBegun } from "./make-once.js";
import { Places } from "./places.js";
import { labelSources, resolveSpec, transforms } from "./resolve-spec.js";

const process = new URL("./dataset-process.js", import.meta.url);

/** What dataset jobs are done with. */
export interface DatasetSettings extends AutoencoderSettings {
  readonly storage: Storage;
  /** Folder of results that name no output, and of unfinished work. */
  readonly folder: string;
  readonly threads: number;
}

/** Dataset jobs of a server. */
export class DatasetJobs {
  readonly kind: JobKind;
  readonly #places: Places;
  readonly #autoencoders: Autoencoders;

  constructor(
    artifacts: Artifacts,
    private readonly settings: DatasetSettings,
  ) {
    this.#places = new Places(artifacts, settings.storage, settings.folder);
    this.#autoencoders = new Autoencoders(this.#places, settings);
    this.kind = jobKind({
      kind: "dataset",
      pausable: true,
      run: (context) => this.#run(context),
      discard: (job) => this.#discard(job),
    });
  }

  /**
   * The request with its defaults; nothing was read yet but names.
   * @throws DomainError FIELD_INVALID naming the field, RESOURCE_NOT_FOUND, OUTPUT_EXISTS, URI_NOT_ALLOWED
   */
  async resolve(spec: DatasetSpec): Promise<DatasetSpec> {
    const resolved = resolveSpec(spec, this.settings.threads);
    await this.#places.look(resolved);
    const { operation } = resolved;
    if (operation?.$case === "encode" || operation?.$case === "decode")
      await this.#autoencoders.look(operation.value.autoencoder, `spec.${operation.$case}.autoencoder`);
    return resolved;
  }

  async #run(context: JobContext<"dataset">): Promise<JobEnd<"dataset">> {
    const { spec, name, signal } = context;
    const work = this.#work(name);
    context.progress({ done: 0, total: 0, unit: "files", stage: "fetching the source" });
    const input: DatasetInput = {
      source: await this.#places.source(spec, signal),
      work,
      threads: this.settings.threads,
      operation: await this.#operation(context),
    };
    const end = await runInChild<"dataset">(process, input, context);
    if (end.kind === "done") await rm(work, { recursive: true, force: true });
    return end;
  }

  /** Removes the unfinished dataset, unless another job is at work on it. */
  async #discard({ name, spec }: Pick<JobContext<"dataset">, "name" | "spec">): Promise<void> {
    const work = this.#work(name);
    const output = (await hasBegun(work)) ? await this.#places.made(spec.outputUri, name) : undefined;
    if (output !== undefined)
      await discardUnfinished(output).catch((error: unknown) => {
        if (!(error instanceof DomainError) || error.reason !== "OUTPUT_EXISTS") throw error;
      });
    await rm(work, { recursive: true, force: true });
  }

  /** Folder of what a job remembers between attempts. */
  #work(name: string): string {
    return join(this.settings.folder, "work", basename(name));
  }

  async #operation({ spec, name, signal }: JobContext<"dataset">): Promise<Operation> {
    const operation = spec.operation!; // checked at creation
    if (operation.$case === "check") return { kind: "check", isMeasured: operation.value.measureStatistics };
    const { outputUri, contactSheetUri, maxImages } = spec;
    const output: OutputInput = {
      output: await this.#places.output(outputUri, name),
      maxImages: maxImages === 0n ? undefined : Number(maxImages),
      contactSheet: contactSheetUri === "" ? undefined : await this.#places.output(contactSheetUri),
    };
    if (operation.$case === "convert") {
      const labelsFile = await this.#places.labels(spec, signal);
      return { kind: "convert", ...output, ...convertInput(operation.value, labelsFile) };
    }
    const { $case: kind, value } = operation;
    const autoencoder = await this.#autoencoders.place(value.autoencoder, `spec.${kind}.autoencoder`, signal);
    const isMeasured = operation.$case === "encode" && operation.value.measureStatistics;
    return { kind, ...output, autoencoder, batchSize: value.batchSize, isMeasured };
  }
}

/** A conversion in the words of libs/datasets. */
function convertInput(
  convert: ConvertOperation,
  labelsFile: string | undefined,
): Pick<ConvertInput, "pictures" | "options"> {
  const { transform, width, height, allowAnySize, skipBad, workers } = convert;
  return {
    pictures: {
      labels: known(convert.labelSource, labelSources, LabelSource, "spec.convert.label_source"),
      labelsFile,
    },
    options: {
      transform: known(transform, transforms, DatasetTransform, "spec.convert.transform"),
      ...(width > 0 && { width, height }),
      allowAnySize,
      skipBad,
      workers,
    },
  };
}
