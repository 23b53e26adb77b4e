/** @file Where the source of a job lies and where its results go. */
import { basename, join } from "node:path";
import type { DatasetSpec, FileRef } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { makeFolder } from "@tandem/formats";
import type { Artifacts } from "@tandem/jobs";
import type { Storage } from "@tandem/storage";
import { exists, isMade } from "./make-once.js";

/** Files and folders that requests name. */
export class Places {
  constructor(
    private readonly artifacts: Artifacts,
    private readonly storage: Storage,
    private readonly folder: string,
  ) {}

  /**
   * Sees that a job could begin: what it reads is there, what it makes is not. Nothing is downloaded.
   * @throws DomainError RESOURCE_NOT_FOUND, OUTPUT_EXISTS, URI_NOT_ALLOWED, NOT_SUPPORTED
   */
  async look(spec: DatasetSpec): Promise<void> {
    const { source, operation, outputUri, contactSheetUri } = spec;
    await this.find(source, "spec.source");
    if (operation?.$case === "convert" && operation.value.labels)
      await this.find(operation.value.labels, "spec.convert.labels");
    for (const uri of [outputUri, contactSheetUri].filter((one) => one !== "")) {
      const path = await this.storage.localTarget(uri);
      if (uri === outputUri && (await isMade(path))) throw exists(path);
    }
  }

  /** Path on this machine; a remote file is fetched. @throws DomainError as `look`, SERVER_UNAVAILABLE, CHECKSUM_MISMATCH */
  source({ source }: DatasetSpec, signal: AbortSignal): Promise<string> {
    return this.artifacts.localPathOrFolder(source, "spec.source", signal);
  }

  /** Path of a labels file; undefined when the request names none. */
  async labels({ operation }: DatasetSpec, signal: AbortSignal): Promise<string | undefined> {
    if (operation?.$case !== "convert" || !operation.value.labels) return undefined;
    return this.artifacts.localPath(operation.value.labels, "spec.convert.labels", signal);
  }

  /** Path of a file or folder; a remote file is fetched. */
  path(ref: FileRef, field: string, signal: AbortSignal): Promise<string> {
    return this.artifacts.localPathOrFolder(ref, field, signal);
  }

  /**
   * Path of a file or folder to make, a folder's without its last "/"; the folder that it lies in is made.
   * @param job name of the job, for results without a place of their own
   */
  async output(uri: string, job = ""): Promise<string> {
    if (uri !== "") return this.storage.localTarget(uri, { create: true });
    return join(await makeFolder(join(this.folder, "datasets", basename(job))), "dataset.zip");
  }

  /** Path of something that may have been made; undefined when it may not be touched any more. */
  async made(uri: string, job: string): Promise<string | undefined> {
    if (uri === "") return this.output(uri, job);
    return this.storage.localTarget(uri).catch((error: unknown) => {
      if (!(error instanceof DomainError) || error.reason !== "URI_NOT_ALLOWED") throw error;
      return undefined;
    });
  }

  /** Sees that a file or folder is there; a remote file is not fetched. @throws DomainError as `look` */
  async find(ref: FileRef | undefined, field: string): Promise<void> {
    const uri = ref?.uri ?? "";
    if (/^https?:.*\/$/i.test(uri))
      throw new DomainError("NOT_SUPPORTED", `${field}: ${uri}: folders of web servers cannot be listed; name a file`, {
        field,
        resource: uri,
      });
    if (/^https?:/i.test(uri)) await this.storage.stat(uri);
    else await this.artifacts.localPathOrFolder(ref, field);
  }
}
