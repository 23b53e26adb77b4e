/** @file A dataset in a ZIP archive, written from front to end. */

import { type FileHandle, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { syncFolder } from "@tandem/formats";
import type { EncodedFile, EntryStore, FileFacts } from "./entry-store.js";
import { directory, localHeader, type ZipEntry } from "./zip-layout.js";

/** Bytes of the directory that are written at once. */
const DIRECTORY_CHUNK = 2 ** 20;

export class ArchiveStore implements EntryStore {
  readonly #entries: ZipEntry[] = [];
  /** Where the next entry begins. */
  #end = 0;

  private constructor(
    private readonly part: string,
    private readonly path: string,
    private readonly file: FileHandle,
  ) {}

  /** @param part the temporary name; what is there already is kept */
  static async open(part: string, path: string): Promise<ArchiveStore> {
    const file = await open(part, "r+").catch(() => open(part, "wx+"));
    return new ArchiveStore(part, path, file);
  }

  async holds(file: FileFacts): Promise<boolean> {
    const header = localHeader({ ...file, offset: this.#end });
    const length = header.length + file.size;
    const { bytesRead, buffer } = await this.file.read(Buffer.allocUnsafe(length), 0, length, this.#end);
    if (bytesRead < length || !buffer.subarray(0, header.length).equals(header)) return false;
    if (crc32(buffer.subarray(header.length)) !== file.crc) return false;
    this.trust(file);
    return true;
  }

  trust(file: FileFacts): void {
    const entry = { ...file, offset: this.#end };
    this.#entries.push(entry);
    this.#end += localHeader(entry).length + file.size;
  }

  async append(files: readonly EncodedFile[]): Promise<void> {
    const parts: Uint8Array[] = [];
    const start = this.#end;
    for (const { name, bytes, crc } of files) {
      const entry = { name, crc, size: bytes.length, offset: this.#end };
      const header = localHeader(entry);
      parts.push(header, bytes);
      this.#entries.push(entry);
      this.#end += header.length + bytes.length;
    }
    await writeAll(this.file, parts, start);
  }

  async sync(): Promise<void> {
    await this.file.datasync();
  }

  async publish(): Promise<void> {
    const start = this.#end;
    let [parts, bytes, at]: [Buffer[], number, number] = [[], 0, start];
    const flush = async () => {
      await writeAll(this.file, parts, at);
      at += bytes;
      [parts, bytes] = [[], 0];
    };
    for (const part of directory(this.#entries, start)) {
      parts.push(part);
      bytes += part.length;
      if (bytes >= DIRECTORY_CHUNK) await flush();
    }
    await flush();
    await this.file.truncate(at);
    await this.file.sync();
    await rename(this.part, this.path);
    await syncFolder(dirname(this.path));
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

/** All of it, at a place: a full disk may take a part only, and says so at the next try. */
async function writeAll(file: FileHandle, parts: readonly Uint8Array[], at: number): Promise<void> {
  const whole = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  for (let done = 0; done < whole.length; ) {
    const { bytesWritten } = await file.write(whole, done, whole.length - done, at + done);
    done += bytesWritten;
  }
}
