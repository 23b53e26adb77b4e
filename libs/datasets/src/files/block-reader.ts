/** @file Reads a file for yauzl, which asks for a few dozen bytes at a time, in blocks: a directory of a million files is one pass. */
import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { RandomAccessReader } from "yauzl";

const BLOCK_BYTES = 2 ** 18;

/** The file stays open: it is the caller's. */
export class BlockReader extends RandomAccessReader {
  #block = Buffer.alloc(0);
  #start = 0;

  constructor(private readonly file: FileHandle) {
    super();
  }

  override read(
    target: Buffer,
    offset: number,
    length: number,
    position: number,
    done: (error: Error | null) => void,
  ): void {
    const at = position - this.#start;
    if (at >= 0 && at + length <= this.#block.length) {
      this.#block.copy(target, offset, at, at + length);
      done(null);
    } else {
      this.#load(position, length).then(
        () => this.read(target, offset, length, position, done),
        (error) => done(error),
      );
    }
  }

  override _readStreamForRange(): Readable {
    return Readable.from([]).destroy(new Error("files are not read through this"));
  }

  override close(done: (error: Error | null) => void): void {
    setImmediate(done, null);
  }

  async #load(position: number, length: number): Promise<void> {
    const wanted = Math.max(length, BLOCK_BYTES);
    const { bytesRead, buffer } = await this.file.read(Buffer.allocUnsafe(wanted), 0, wanted, position);
    if (bytesRead < length) throw new Error("unexpected end of file");
    this.#block = buffer.subarray(0, bytesRead);
    this.#start = position;
  }
}
