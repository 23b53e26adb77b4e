/** @file The files of a dataset, in a folder or a ZIP archive: names, sizes, any part of any of them. */
import { stat } from "node:fs/promises";
import { fileError } from "@tandem/formats";
import { FolderFiles } from "./folder-files.js";
import { ZipFiles } from "./zip-files.js";

/** Files by name; "/" parts folders. */
export interface DatasetFiles {
  /** Where they lie, for errors. */
  readonly path: string;
  /** Sorted by code points, as Python sorts them. */
  readonly names: readonly string[];
  /** Bytes of a file. */
  size(name: string): number;
  /** The path of a file that is one of its own, not a part of another. */
  pathOf?(name: string): string;
  /** CRC-32 of a file: an archive tells it, a folder's file is read for it. @throws DomainError RESOURCE_NOT_FOUND */
  crc32(name: string): Promise<number>;
  /** A part of a file. @throws DomainError DATASET_INVALID, RESOURCE_NOT_FOUND */
  read(name: string, offset?: number, length?: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** @throws DomainError RESOURCE_NOT_FOUND, URI_NOT_ALLOWED, DATASET_INVALID (not an archive, or one that lies) */
export async function openFiles(path: string): Promise<DatasetFiles> {
  let isFolder: boolean;
  try {
    isFolder = (await stat(path)).isDirectory();
  } catch (error) {
    throw fileError(path, error);
  }
  return isFolder ? FolderFiles.open(path) : ZipFiles.open(path);
}
