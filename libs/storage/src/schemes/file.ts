/** @file file: URIs and plain paths. */
import { mkdir, open, readdir, rmdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { DomainError } from "@tandem/errors";
import { fileError, replaceFile, systemCode } from "@tandem/formats";
import type { Roots } from "../roots.js";
import { checkSha256 } from "../sha256.js";
import type { ByteRange, ByteSource, FileFacts, FolderOptions, LocalOptions, Store, TargetOptions } from "../store.js";
import { isFolder, refused, showUri } from "../uri.js";

const chunkBytes = 4 * 2 ** 20;

/** Files of this machine, within roots. */
export class FileStore implements Store {
  constructor(private readonly roots: Roots) {}

  async stat(uri: URL, signal?: AbortSignal): Promise<FileFacts> {
    signal?.throwIfAborted();
    const path = await this.roots.resolve(uri);
    try {
      const facts = await stat(path);
      if (!facts.isFile()) throw refused(showUri(uri), "this is not a regular file");
      return { sizeBytes: facts.size, version: `${facts.mtimeMs}-${facts.size}` };
    } catch (error) {
      throw fileError(path, error);
    }
  }

  async *stream(uri: URL, range: ByteRange = { offset: 0 }, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const { sizeBytes } = await this.stat(uri, signal);
    if (range.offset > sizeBytes) throw beyond(uri, range.offset, sizeBytes);
    const path = await this.roots.resolve(uri);
    const end = Math.min(sizeBytes, range.offset + (range.length ?? sizeBytes));
    const file = await open(path, "r").catch((error) => {
      throw fileError(path, error);
    });
    try {
      for (let at = range.offset; at < end; ) {
        signal?.throwIfAborted();
        const { bytesRead, buffer } = await file.read(new Uint8Array(Math.min(chunkBytes, end - at)), { position: at });
        if (bytesRead === 0) throw new DomainError("WORKER_LOST", `${path} became shorter while it was read`);
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }

  async write(uri: URL, source: ByteSource, signal?: AbortSignal): Promise<FileFacts> {
    signal?.throwIfAborted();
    if (isFolder(uri)) throw refused(showUri(uri), 'this names a folder: it ends in "/"');
    const path = await this.roots.resolve(uri);
    const folder = dirname(path);
    const firstMade = await mkdir(folder, { recursive: true }).catch((error) => {
      throw fileError(path, error);
    });
    try {
      await replaceFile(path, async (file) => {
        for await (const chunk of source) {
          signal?.throwIfAborted();
          await file.writeFile(chunk);
        }
        signal?.throwIfAborted();
      });
    } catch (error) {
      if (firstMade) await removeEmpty(folder, firstMade);
      throw error;
    }
    return this.stat(uri);
  }

  async list(folder: URL, signal?: AbortSignal): Promise<URL[]> {
    signal?.throwIfAborted();
    const path = await this.roots.resolve(folder);
    try {
      const entries = await readdir(path, { withFileTypes: true });
      return entries
        .filter((entry) => !(entry.name.startsWith(".") && entry.name.endsWith(".tmp"))) // files being written
        .map((entry) => pathToFileURL(`${path}/${entry.name}${entry.isDirectory() ? "/" : ""}`))
        .sort((a, b) => (a.href < b.href ? -1 : 1));
    } catch (error) {
      throw fileError(path, error);
    }
  }

  async localPath(uri: URL, { sha256, signal }: LocalOptions): Promise<string> {
    await this.stat(uri, signal);
    const path = await this.roots.resolve(uri);
    await checkSha256(path, showUri(uri), sha256, signal);
    return path;
  }

  async localFolder(uri: URL, { create = false }: FolderOptions): Promise<string> {
    const path = await this.roots.resolve(uri);
    try {
      if (create) await mkdir(path, { recursive: true });
      if (!(await stat(path)).isDirectory()) throw refused(showUri(uri), "this is a file; a folder is needed");
      return path;
    } catch (error) {
      throw systemCode(error) === "EEXIST"
        ? refused(showUri(uri), "this is a file; a folder is needed")
        : fileError(path, error);
    }
  }

  async localTarget(uri: URL, { create = false }: TargetOptions): Promise<string> {
    const path = await this.roots.resolve(uri);
    if (!create) return path;
    await mkdir(dirname(path), { recursive: true }).catch((error) => {
      throw fileError(dirname(path), error);
    });
    return path;
  }
}

/** The error of an offset behind the end of a file. */
export function beyond(uri: URL, offset: number, sizeBytes: number): DomainError {
  const message = `${showUri(uri)}: offset ${offset} lies behind the end, ${sizeBytes}`;
  return new DomainError("OFFSET_OUT_OF_RANGE", message, { resource: showUri(uri), metadata: { last: sizeBytes } });
}

/** Takes back folders that were made for a file that did not come to be, as long as they are empty. */
async function removeEmpty(folder: string, firstMade: string): Promise<void> {
  for (let path = folder; path.length >= firstMade.length; path = dirname(path)) {
    try {
      await rmdir(path);
    } catch (error) {
      // Somebody else put something there meanwhile, or removed it: theirs to keep.
      if (["ENOTEMPTY", "ENOENT"].includes(systemCode(error) ?? "")) return;
      throw fileError(path, error);
    }
  }
}
