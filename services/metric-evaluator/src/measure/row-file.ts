/** @file Rows of numbers by position, in a file: features of 50,000 images are half a gigabyte. */
import { type FileHandle, open } from "node:fs/promises";
import { fileError } from "@tandem/formats";

/** Float32 rows of one width. */
export class RowFile implements AsyncDisposable {
  private constructor(
    private readonly path: string,
    private readonly file: FileHandle,
    readonly dim: number,
  ) {}

  /** Opens what an attempt before left, or an empty one. */
  static async open(path: string, dim: number): Promise<RowFile> {
    try {
      const file = await open(path, "r+").catch(async (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return open(path, "w+");
        throw error;
      });
      return new RowFile(path, file, dim);
    } catch (error) {
      throw fileError(path, error);
    }
  }

  /** @param rows [positions, dim] */
  async write(positions: readonly number[], rows: Float32Array): Promise<void> {
    const { dim } = this;
    try {
      for (const [i, position] of positions.entries()) {
        const row = rows.subarray(i * dim, (i + 1) * dim);
        await this.file.write(bytesOf(row), 0, row.byteLength, position * row.byteLength);
      }
    } catch (error) {
      throw fileError(this.path, error);
    }
  }

  /** Makes what was written last a power cut. */
  async sync(): Promise<void> {
    await this.file.sync();
  }

  /** The rows of some positions, in their order. */
  async read(positions: readonly number[]): Promise<Float32Array> {
    const rows = new Float32Array(positions.length * this.dim);
    const bytes = 4 * this.dim;
    for (let i = 0; i < positions.length; ) {
      let end = i + 1; // neighbours are read together
      while (end < positions.length && positions[end] === positions[end - 1]! + 1) end++;
      const part = bytesOf(rows.subarray(i * this.dim, end * this.dim));
      await this.file.read(part, 0, part.byteLength, positions[i]! * bytes);
      i = end;
    }
    return rows;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.file.close();
  }
}

const bytesOf = (row: Float32Array) => new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
