/** @file Files that a server knows: written by jobs, uploaded, or found in folders that it may read. */
import { createHash } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Artifact, FileRef } from "@tandem/contracts";
import { DomainError, invalid } from "@tandem/errors";
import { fileError, systemCode } from "@tandem/formats";
import { checkSha256, isFolder, parseUri, type Storage, sha256File } from "@tandem/storage";
import { checkArtifactName, isArtifactName } from "../names.js";
import { readToken } from "../page-token.js";
import type { ArtifactRecord, JobStore } from "../store/job-store.js";
import { artifactKinds, kindOfName, mediaTypeOf, type NewArtifact } from "./new-artifact.js";

const DEFAULT_PAGE = 100;
const MAX_PAGE = 1000;
/** Names of files found in place hold their URI: nothing is kept of them. */
const IN_PLACE = "artifacts/at_";

/** What is asked for by ListArtifacts. */
export interface ArtifactQuery {
  /** `jobs/{job}`, a folder's URI, or empty for all that are kept. */
  readonly parent: string;
  /** ArtifactKind; 0 is any. */
  readonly kind: number;
  readonly pageSize: number;
  readonly pageToken: string;
}

/** Tells more of a file that was found in place, from its content. */
export type Describe = (path: string, artifact: Artifact) => Promise<Artifact["details"]>;

/** The files of a server. */
export class Artifacts {
  /**
   * @param describe called for weights found in place
   */
  constructor(
    private readonly store: JobStore,
    private readonly storage: Storage,
    private readonly describe: Describe = async () => undefined,
  ) {}

  /** Keeps a file of a job. The same file told again is the same artifact. */
  async add(job: string, file: NewArtifact): Promise<{ artifact: Artifact; isNew: boolean }> {
    const artifact = await this.#artifactOf(file.path, job, file);
    const name = nameOf(job, artifact.uri, artifact.sizeBytes, artifact.createTime!.getTime());
    return this.store.addArtifact({ artifact: { ...artifact, name }, location: file.path, isOwned: false });
  }

  /** Keeps an upload, which lies in the server's own storage. The same content under the same name is the same artifact. */
  async addUpload(file: NewArtifact & { sha256: string }, displayName: string): Promise<Artifact> {
    const artifact = { ...(await this.#artifactOf(file.path, "", file)), displayName, uri: "" };
    const name = nameOf(file.sha256, file.kind, displayName);
    const kept = await this.store.addArtifact({ artifact: { ...artifact, name }, location: file.path, isOwned: true });
    if (!kept.isNew) await rm(file.path);
    return kept.artifact;
  }

  /** @throws DomainError RESOURCE_NOT_FOUND, URI_NOT_ALLOWED */
  async get(name: string): Promise<ArtifactRecord> {
    checkArtifactName(name, "name");
    if (!name.startsWith(IN_PLACE)) return this.store.artifact(name);
    const uri = Buffer.from(name.slice(IN_PLACE.length), "base64url").toString();
    const url = parseUri(uri);
    const path = isFolder(url) ? await this.storage.localFolder(uri) : await this.storage.localPath(uri);
    return { order: 0, artifact: await this.#found(path), location: path, isOwned: false };
  }

  /** A page of artifacts; of what a job wrote only what is still there. */
  async list(query: ArtifactQuery): Promise<{ artifacts: Artifact[]; nextPageToken: string }> {
    const size = Math.min(query.pageSize || DEFAULT_PAGE, MAX_PAGE);
    if (query.parent !== "" && !query.parent.startsWith("jobs/")) return this.#listFolder(query, size);
    const job = query.parent || undefined;
    if (job !== undefined) await this.store.get(job);
    const from = query.pageToken === "" ? undefined : readToken(query.pageToken);
    const of = { kind: query.kind, ...(job !== undefined && { job }), ...(from !== undefined && { from }) };
    const records = await this.store.artifacts(of, size + 1);
    const page = records.slice(0, size);
    const present = await Promise.all(page.map(({ location }) => exists(location)));
    return {
      artifacts: page.filter((_, i) => present[i]).map(({ artifact }) => artifact),
      nextPageToken: records.length > size ? String(page.at(-1)!.order) : "",
    };
  }

  /** Removes a file that the server owns. @throws DomainError JOB_STATE (not owned), RESOURCE_NOT_FOUND */
  async remove(name: string): Promise<void> {
    const { artifact, location, isOwned } = await this.get(name);
    if (!isOwned)
      throw new DomainError(
        "JOB_STATE",
        `${name} (${artifact.uri}) was found or written in place, so its folder's owner removes it`,
        {
          resource: name,
        },
      );
    await rm(location, { force: true });
    await this.store.removeArtifact(name);
  }

  /** Removes the files that a job wrote, and what is known of them. */
  async removeOf(job: string): Promise<void> {
    for (;;) {
      const records = await this.store.artifacts({ job }, MAX_PAGE);
      for (const { artifact, location } of records) {
        await rm(location, { force: true, recursive: true });
        await this.store.removeArtifact(artifact.name);
      }
      if (records.length < MAX_PAGE) return;
    }
  }

  /** The SHA-256 of a file, computed once. */
  async digest({ artifact, location }: ArtifactRecord): Promise<string> {
    if (artifact.sha256) return artifact.sha256;
    const sha256 = await sha256File(location);
    if (!artifact.name.startsWith(IN_PLACE)) await this.store.setArtifactDigest(artifact.name, sha256);
    return sha256;
  }

  /**
   * Path on this machine of a file that a request names: an artifact, or a URI within the server's roots.
   * @throws DomainError FIELD_INVALID, RESOURCE_NOT_FOUND, URI_NOT_ALLOWED, CHECKSUM_MISMATCH
   */
  async localPath(ref: FileRef | undefined, field: string, signal?: AbortSignal): Promise<string> {
    if (!ref?.uri) throw invalid(`${field}.uri`, undefined, "a URI or artifacts/{artifact}");
    if (!isArtifactName(ref.uri))
      return this.storage.localPath(ref.uri, { sha256: ref.sha256, ...(signal && { signal }) });
    const { location, artifact } = await this.get(ref.uri); // what the server keeps needs no root
    if (!(await exists(location))) throw gone(artifact);
    await checkSha256(location, ref.uri, ref.sha256, signal);
    return location;
  }

  /** Path on this machine of a file or folder that a request names. @throws as `localPath` */
  async localPathOrFolder(ref: FileRef | undefined, field: string, signal?: AbortSignal): Promise<string> {
    if (ref?.uri && !isArtifactName(ref.uri)) {
      const url = parseUri(ref.uri);
      if (isFolder(url)) return this.storage.localFolder(ref.uri);
      if (url.protocol === "file:" && (await isDirectory(fileURLToPath(url)))) return this.storage.localFolder(ref.uri);
    }
    return this.localPath(ref, field, signal);
  }

  async #listFolder({ parent, kind, pageToken }: ArtifactQuery, size: number) {
    if (!isFolder(parseUri(parent)))
      throw invalid("parent", parent, 'jobs/{job}, or a folder\'s URI, which ends in "/"');
    const folder = await this.storage.localFolder(parent);
    const after = Buffer.from(pageToken, "base64url").toString();
    const entries = await readdir(folder, { withFileTypes: true });
    const names = entries
      .filter((entry) => entry.isFile() && !(entry.name.startsWith(".") && entry.name.endsWith(".tmp")))
      .map(({ name }) => name)
      .filter((name) => name > after && (!kind || artifactKinds[kindOfName(name)] === kind))
      .sort();
    const page = names.slice(0, size);
    const artifacts = await Promise.all(page.map((name) => this.#found(join(folder, name))));
    return { artifacts, nextPageToken: names.length > size ? Buffer.from(page.at(-1)!).toString("base64url") : "" };
  }

  /** A file found in place. */
  async #found(path: string): Promise<Artifact> {
    const artifact = await this.#artifactOf(path, "", { path, kind: kindOfName(basename(path)) });
    const named = { ...artifact, name: `${IN_PLACE}${Buffer.from(artifact.uri).toString("base64url")}` };
    return { ...named, details: await this.describe(path, named) };
  }

  async #artifactOf(path: string, job: string, file: NewArtifact): Promise<Artifact> {
    const uri = pathToFileURL(path).href;
    const [size, time] = await sizeOf(path);
    return {
      name: "",
      uri,
      displayName: basename(path),
      kind: artifactKinds[file.kind],
      mediaType: file.mediaType ?? mediaTypeOf(path),
      sizeBytes: BigInt(size),
      sha256: file.sha256 ?? "",
      createTime: time,
      job,
      details: file.details,
    };
  }
}

const nameOf = (...facts: (string | number | bigint)[]) =>
  `artifacts/${createHash("sha256").update(facts.join("\n")).digest("hex").slice(0, 24)}`;

/** The error of an artifact whose file somebody removed. */
export function gone({ name, displayName }: Artifact): DomainError {
  return new DomainError("RESOURCE_NOT_FOUND", `${name} (${displayName}): its file is no longer there`, {
    resource: name,
  });
}

/** Bytes of a file, or of the files of a folder together, and when it was complete. */
async function sizeOf(path: string): Promise<[size: number, time: Date]> {
  try {
    const facts = await stat(path);
    if (!facts.isDirectory()) return [facts.size, facts.mtime];
    const files = await readdir(path, { recursive: true, withFileTypes: true });
    const sizes = await Promise.all(
      files
        .filter((entry) => entry.isFile())
        .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size),
    );
    return [sizes.reduce((sum, size) => sum + size, 0), facts.mtime];
  } catch (error) {
    throw fileError(path, error);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return false;
    throw fileError(path, error);
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return (await exists(path)) && (await stat(path)).isDirectory();
}
