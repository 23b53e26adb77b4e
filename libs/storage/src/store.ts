/** @file What every storage scheme can do. */

/** Facts about a file. */
export interface FileFacts {
  readonly sizeBytes: number;
  /** Changes when the content does; absent where the scheme has none. */
  readonly version?: string;
}

/** A part of a file. */
export interface ByteRange {
  /** First byte, from 0. */
  readonly offset: number;
  /** Bytes wanted; absent means to the end. */
  readonly length?: number;
}

/** Chunks of bytes, as streams of Node are. */
export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Files under one URI scheme. All methods reject with the signal's reason when it aborts, and then leave nothing behind. */
export interface Store {
  /** @throws DomainError RESOURCE_NOT_FOUND */
  stat(uri: URL, signal?: AbortSignal): Promise<FileFacts>;

  /**
   * Bytes in order, as they come. Bytes past the end are not an error: there are none.
   * @throws DomainError RESOURCE_NOT_FOUND, OFFSET_OUT_OF_RANGE when the offset lies behind the end
   */
  stream(uri: URL, range?: ByteRange, signal?: AbortSignal): AsyncGenerator<Uint8Array>;

  /**
   * Creates or replaces a file; readers see the old or the new content, never a part. Folders appear as they are needed.
   * @throws DomainError OUT_OF_MEMORY (disk full), URI_NOT_ALLOWED (not permitted), NOT_SUPPORTED (scheme is read-only)
   */
  write(uri: URL, source: ByteSource, signal?: AbortSignal): Promise<FileFacts>;

  /**
   * URIs directly under a folder, sorted; folders end in "/".
   * @throws DomainError RESOURCE_NOT_FOUND, NOT_SUPPORTED (scheme cannot list)
   */
  list(folder: URL, signal?: AbortSignal): Promise<URL[]>;

  /**
   * Path of a local file with this content; where the file is remote, a copy in the cache.
   * @throws DomainError as `stream`, and CHECKSUM_MISMATCH, LIMIT_EXCEEDED, OUT_OF_MEMORY
   */
  localPath(uri: URL, options: LocalOptions): Promise<string>;

  /**
   * Path of a folder on this machine.
   * @throws DomainError RESOURCE_NOT_FOUND, URI_NOT_ALLOWED (not permitted, or a file), NOT_SUPPORTED (the scheme's are elsewhere)
   */
  localFolder(uri: URL, options: FolderOptions): Promise<string>;

  /**
   * Path on this machine of a file or folder to be made, links followed; without a last "/". It need not be there.
   * @throws DomainError URI_NOT_ALLOWED, NOT_SUPPORTED (the scheme's are elsewhere)
   */
  localTarget(uri: URL, options: TargetOptions): Promise<string>;
}

/** How a place is found. */
export interface TargetOptions {
  /** Makes the folder that it lies in, and those above it, when they are missing. */
  readonly create?: boolean;
}

/** How a folder is found. */
export interface FolderOptions {
  /** Makes it, and those above it, when it is missing. */
  readonly create?: boolean;
}

/** How a file is brought here. */
export interface LocalOptions {
  /** Called as bytes arrive; `total` is absent while unknown. Not called for what is here already. */
  readonly onProgress?: (progress: { readonly received: number; readonly total?: number }) => void;
  readonly signal?: AbortSignal;
  /** Larger remote files are refused; 64 GiB by default. */
  readonly maxBytes?: number;
  /** Expected SHA-256, 64 hexadecimal digits; empty or absent means unchecked. */
  readonly sha256?: string;
}
