/** @file Where the source of a job lies and where its results go. */
import { mkdir, readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DatasetSpec } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { fileError, systemCode } from "@tandem/formats";
import type { Artifacts } from "@tandem/jobs";
import type { Storage } from "@tandem/storage";

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
    const uri = spec.source?.uri ?? "";
    if (/^https?:/i.test(uri) && !uri.endsWith("/")) await this.storage.stat(uri);
    else await this.artifacts.localPathOrFolder(spec.source, "spec.source");
    if (spec.outputUri !== "") await refuseExisting(await this.output(spec.outputUri), spec.outputUri);
  }

  /** Path on this machine; a remote file is fetched. @throws DomainError as `look`, SERVER_UNAVAILABLE, CHECKSUM_MISMATCH */
  source({ source }: DatasetSpec, signal: AbortSignal): Promise<string> {
    return this.artifacts.localPathOrFolder(source, "spec.source", signal);
  }

  /**
   * Path of a file or folder to make; the folder that it lies in is made.
   * @param job name of the job, for results without a place of their own
   */
  async output(uri: string, job = ""): Promise<string> {
    if (uri === "") return join(await makeFolder(join(this.folder, "datasets", basename(job))), "dataset.zip");
    const path = uri.startsWith("file:") ? fileURLToPath(uri) : uri;
    const end = path.lastIndexOf("/", path.length - 2) + 1;
    const parent = await this.storage.localFolder(uri.slice(0, uri.lastIndexOf("/", uri.length - 2) + 1) || ".", {
      create: true,
    });
    return join(parent, path.slice(end));
  }
}

/** @throws DomainError OUTPUT_EXISTS; an empty folder is as good as none */
export async function refuseExisting(path: string, uri: string): Promise<void> {
  try {
    const isFolder = (await stat(path)).isDirectory();
    if (isFolder && path.endsWith("/") && (await readdir(path)).length === 0) return;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw fileError(path, error);
  }
  throw new DomainError("OUTPUT_EXISTS", `spec.output_uri: ${uri} exists already: name another, or remove it`, {
    field: "spec.output_uri",
    resource: uri,
  });
}

async function makeFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true }).catch((error: unknown) => {
    throw fileError(path, error);
  });
  return path;
}
