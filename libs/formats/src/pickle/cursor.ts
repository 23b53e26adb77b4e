/** @file The arguments of opcodes, read from bytes with every length checked before it is believed. */
import { unsafe } from "../file-error.js";
import { limits } from "./budget.js";

/** A position in the bytes of a pickle. */
export class Cursor {
  private readonly view: DataView;
  private readonly text: Buffer;

  constructor(
    readonly file: string,
    readonly bytes: Uint8Array,
    public at = 0,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.bytes.byteLength - this.at;
  }

  /** Moves past `length` bytes and returns where they begin. */
  skip(length: number): number {
    if (length > this.remaining) {
      const why =
        this.remaining === 0 ? "truncated" : `truncated: ${length} bytes are announced, ${this.remaining} follow`;
      throw unsafe(this.file, `${why} (at byte ${this.at})`);
    }
    const start = this.at;
    this.at += length;
    return start;
  }

  uint8(): number {
    return this.view.getUint8(this.skip(1));
  }

  uint16(): number {
    return this.view.getUint16(this.skip(2), true);
  }

  uint32(): number {
    return this.view.getUint32(this.skip(4), true);
  }

  int32(): number {
    return this.view.getInt32(this.skip(4), true);
  }

  /** A length or index; beyond 2^53 it is inexact and, as a length, always too large. */
  uint64(): number {
    return Number(this.view.getBigUint64(this.skip(8), true));
  }

  /** Big-endian, as BINFLOAT has it. */
  float64(): number {
    return this.view.getFloat64(this.skip(8));
  }

  /** A view of the next bytes. */
  take(length: number): Uint8Array {
    const start = this.skip(length);
    return this.bytes.subarray(start, start + length);
  }

  utf8(length: number): string {
    const start = this.skip(length);
    return this.decode("utf8", start, start + length);
  }

  latin1(length: number): string {
    const start = this.skip(length);
    return this.decode("latin1", start, start + length);
  }

  /** Text up to the next line feed, which is passed over. */
  line(encoding: "utf8" | "latin1" = "utf8"): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw unsafe(this.file, `truncated: a line without end (at byte ${this.at})`);
    const text = this.decode(encoding, this.at, end);
    this.at = end + 1;
    return text;
  }

  private decode(encoding: "utf8" | "latin1", start: number, end: number): string {
    if (end - start > limits.textBytes) throw unsafe(this.file, `a text of ${end - start} bytes`);
    return this.text.toString(encoding, start, end);
  }

  /** Two's complement, little-endian, any length; a bigint when a number cannot hold it. */
  integer(length: number): number | bigint {
    const bytes = this.take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
    return narrow(BigInt.asIntN(8 * length, value));
  }
}

/** The number, when it is exact; else the bigint. */
export function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
