/** @file Where the files of a dataset go while it is written: an archive or a folder under a temporary name. */

/** A file of a dataset, encoded. */
export interface EncodedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** CRC-32 of the bytes. */
  readonly crc: number;
}

/** What is remembered of a file that was written. */
export interface FileFacts {
  readonly name: string;
  readonly size: number;
  readonly crc: number;
}

/** Files in the order in which they come. Errors are the operating system's. */
export interface EntryStore {
  /** Whether a file that an interrupted writing left is there, whole. Asked in order, until the first is not. */
  holds(file: FileFacts): Promise<boolean>;
  /** Takes a file for written without looking; as `holds` in order. */
  trust(file: FileFacts): void;
  /** Writes files behind those that were held, trusted or appended before. */
  append(files: readonly EncodedFile[]): Promise<void>;
  /** What was appended outlasts a power cut once this resolves. */
  sync(): Promise<void>;
  /** Ends the dataset and gives it its name. */
  publish(): Promise<void>;
  /** Lets go of what is open; what was written stays for the next time. */
  close(): Promise<void>;
}
