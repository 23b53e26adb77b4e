/** @file The training job: a request becomes a resolved spec, and a resolved spec a run in a process of its own. */

import { basename, join } from "node:path";
import { ResumePolicy, type TrainingSpec } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { makeFolder } from "@tandem/formats";
import { type Artifacts, type JobContext, type JobEnd, type JobKind, jobKind, runInChild } from "@tandem/jobs";
import type { Storage } from "@tandem/storage";
import { checkFolder } from "../run/execute-run.js";
import { RunFolder } from "../run/run-folder.js";
import { type Kinds, kindOf, type RunFiles } from "../run/run-kind.js";
import type { TrainingInput } from "./training-input.js";

/** What training jobs are done with. */
export interface TrainingSettings {
  readonly kinds: Kinds;
  /** Module of the process of a run. */
  readonly process: URL;
  readonly storage: Storage;
  /** Folder of runs that name no output. */
  readonly runs: string;
  /** Threads of a run. */
  readonly threads: number;
}

/** Training jobs of a server. */
export class Training {
  readonly kind: JobKind;

  constructor(
    private readonly artifacts: Artifacts,
    private readonly settings: TrainingSettings,
  ) {
    this.kind = jobKind({ kind: "training", pausable: true, run: (context) => this.#run(context) });
  }

  /**
   * The request with every field present; its files are there, and its folder takes this run.
   * @param isToRun makes the folder; else it is only looked at
   * @throws DomainError FIELD_INVALID, DATASET_INVALID, RESOURCE_NOT_FOUND, OUTPUT_EXISTS, URI_NOT_ALLOWED
   */
  async resolve(spec: TrainingSpec, isToRun: boolean): Promise<TrainingSpec> {
    const kind = kindOf(this.settings.kinds, spec);
    const resolved = await kind.resolve(spec, await this.#files(spec));
    await this.#autoencoder(resolved);
    if (spec.startFrom) await this.artifacts.localPath(spec.startFrom, "spec.start_from");
    const folder = spec.outputUri === "" ? undefined : await this.#output(spec.outputUri, isToRun);
    if (folder !== undefined) await checkFolder(new RunFolder(folder, kind.stem), resolved);
    return resolved;
  }

  async #run(context: JobContext<"training">): Promise<JobEnd<"training">> {
    const { spec, attempt, name } = context;
    const input: TrainingInput = {
      ...(await this.#files(spec)),
      autoencoder: await this.#autoencoder(spec).catch((error: unknown) => {
        if (!(error instanceof DomainError)) throw error;
        context.log("warning", `pictures are not decoded: ${error.message}`); // the run was accepted with it: it goes on without
        return undefined;
      }),
      // What lies in the folder at a second attempt is this job's own.
      spec: attempt > 1 ? { ...spec, resume: ResumePolicy.RESUME_POLICY_AUTO } : spec,
      folder: spec.outputUri === "" ? await this.#ownFolder(name) : (await this.#output(spec.outputUri, true))!,
      startFrom: spec.startFrom && (await this.artifacts.localPath(spec.startFrom, "spec.start_from")),
      threads: this.settings.threads,
    };
    return runInChild(this.settings.process, input, context);
  }

  async #files({ run }: TrainingSpec): Promise<RunFiles> {
    if (run?.$case !== "edm2") return {};
    return { dataset: await this.artifacts.localPathOrFolder(run.value.dataset, "spec.edm2.dataset") };
  }

  /** The autoencoder of a run's latents, where it is named by a path. @throws DomainError RESOURCE_NOT_FOUND, URI_NOT_ALLOWED */
  async #autoencoder({ run }: TrainingSpec): Promise<string | undefined> {
    const kind = run?.$case === "edm2" ? run.value.encoding?.kind : undefined;
    const uri = kind?.$case === "latent" ? kind.value.autoencoder : "";
    if (!/^(file:|\/)/i.test(uri)) return undefined;
    return this.artifacts.localPathOrFolder({ uri, sha256: "" }, "spec.edm2.encoding.latent.autoencoder");
  }

  /** Folder of the output; undefined when it is missing and not to be made. */
  async #output(uri: string, create: boolean): Promise<string | undefined> {
    try {
      return await this.settings.storage.localFolder(uri, { create });
    } catch (error) {
      if (!create && error instanceof DomainError && error.reason === "RESOURCE_NOT_FOUND") return undefined;
      throw error;
    }
  }

  async #ownFolder(job: string): Promise<string> {
    const folder = join(this.settings.runs, basename(job));
    await makeFolder(folder);
    return folder;
  }
}
