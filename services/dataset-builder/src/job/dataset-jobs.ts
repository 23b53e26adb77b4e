/** @file Dataset jobs of a server: what is asked is checked here, and done in a process of its own. */
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { DatasetSpec } from "@tandem/contracts";
import { type Artifacts, type JobContext, type JobEnd, type JobKind, jobKind, runInChild } from "@tandem/jobs";
import type { Storage } from "@tandem/storage";
import type { DatasetInput, Operation } from "./dataset-input.js";
import { Places } from "./places.js";
import { resolveSpec } from "./resolve-spec.js";

const process = new URL("./dataset-process.js", import.meta.url);

/** What dataset jobs are done with. */
export interface DatasetSettings {
  readonly storage: Storage;
  /** Folder of results that name no output, and of unfinished work. */
  readonly folder: string;
  readonly threads: number;
}

/** Dataset jobs of a server. */
export class DatasetJobs {
  readonly kind: JobKind;
  readonly #places: Places;

  constructor(
    artifacts: Artifacts,
    private readonly settings: DatasetSettings,
  ) {
    this.#places = new Places(artifacts, settings.storage, settings.folder);
    this.kind = jobKind({ kind: "dataset", pausable: true, run: (context) => this.#run(context) });
  }

  /**
   * The request with its defaults; nothing was read yet but names.
   * @throws DomainError FIELD_INVALID naming the field, RESOURCE_NOT_FOUND, OUTPUT_EXISTS, URI_NOT_ALLOWED
   */
  async resolve(spec: DatasetSpec): Promise<DatasetSpec> {
    const resolved = resolveSpec(spec, this.settings.threads);
    await this.#places.look(resolved);
    return resolved;
  }

  async #run(context: JobContext<"dataset">): Promise<JobEnd<"dataset">> {
    const { spec, name, signal } = context;
    const work = join(this.settings.folder, "work", basename(name));
    context.progress({ done: 0, total: 0, unit: "files", stage: "fetching the source" });
    const input: DatasetInput = {
      source: await this.#places.source(spec, signal),
      work,
      threads: this.settings.threads,
      operation: await this.#operation(spec),
    };
    const end = await runInChild<"dataset">(process, input, context);
    if (end.kind === "done") await rm(work, { recursive: true, force: true });
    return end;
  }

  async #operation({ operation }: DatasetSpec): Promise<Operation> {
    switch (operation?.$case) {
      case "check":
        return { kind: "check", isMeasured: operation.value.measureStatistics };
      default:
        throw new Error(`no operation: ${operation?.$case}`);
    }
  }
}
