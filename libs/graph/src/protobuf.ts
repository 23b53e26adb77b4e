/** @file Protocol buffers field by field, for reading or changing a message without knowing all of it. */
import { DomainError } from "@tandem/errors";

/** A field as it stands in a message: for length-delimited ones `value` are the contents, else the number's own bytes. */
export interface Field {
  readonly number: number;
  /** 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes. */
  readonly wireType: number;
  readonly value: Uint8Array;
}

/** Bytes in pieces, so that gigabytes need not be copied into one array. */
export type Pieces = readonly Uint8Array[];

/** A tag has 32 bits; readers differ in what they make of more. */
const TAG_LIMIT = 2 ** 32;
/** A varint of 64 bits. */
const VARINT_BYTES = 10;

/** Total size of pieces, bytes. */
export const sizeOfPieces = (pieces: Pieces): number => pieces.reduce((sum, piece) => sum + piece.length, 0);

/** Contents of a field after its tag, by wire type. Groups (3, 4) are none of ours, nor of ONNX's. */
const extents: Record<number, (message: Uint8Array, at: number) => [start: number, end: number]> = {
  0: (message, at) => [at, readVarint(message, at)[1]],
  1: (_, at) => [at, at + 8],
  2: (message, at) => {
    const [length, start] = readVarint(message, at);
    return [start, start + length];
  },
  5: (_, at) => [at, at + 4],
};

/**
 * Fields of a message, in order; views of its bytes.
 * @throws DomainError UNSAFE_FILE where a field does not end within the message, or is none
 */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  for (let at = 0; at < message.length; ) {
    const [tag, afterTag] = readVarint(message, at);
    const [number, wireType] = [Math.floor(tag / 8), tag % 8];
    const extent = extents[wireType];
    if (number === 0 || tag >= TAG_LIMIT || !extent) throw damaged(`tag ${tag} is none`);
    const [start, end] = extent(message, afterTag);
    if (end > message.length) throw damaged(`field ${number} of ${end - start} bytes is cut short`);
    yield { number, wireType, value: message.subarray(start, end) };
    at = end;
  }
}

/** A field as bytes. */
export const encodeField = ({ number, wireType, value }: Field): Pieces =>
  wireType === 2 ? delimited(number, [value]) : [varintBytes(number * 8 + wireType), value];

/** A length-delimited field of these contents. */
export const delimited = (number: number, contents: Pieces): Pieces => [
  varintBytes(number * 8 + 2),
  varintBytes(sizeOfPieces(contents)),
  ...contents,
];

/** A number as a varint field. */
export const varintField = (number: number, value: number): Pieces => [varintBytes(number * 8), varintBytes(value)];

/** A text as a field. */
export const textField = (number: number, text: string): Pieces => delimited(number, [Buffer.from(text)]);

/** Text of a field's contents. */
export const textOf = (value: Uint8Array): string =>
  Buffer.from(value.buffer, value.byteOffset, value.length).toString("utf8");

/** Number of a varint field; inexact above 2^53, negative ones among them. */
export const numberOf = (value: Uint8Array): number => readVarint(value, 0)[0];

/** Numbers of a repeated field, of which each occurrence holds one, or a packed list. */
export function numbersOf({ wireType, value }: Field): number[] {
  if (wireType === 0) return [numberOf(value)];
  const numbers: number[] = [];
  for (let at = 0; at < value.length; ) {
    const [number, end] = readVarint(value, at);
    numbers.push(number);
    at = end;
  }
  return numbers;
}

function varintBytes(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Uint8Array.from([...bytes, value]);
}

/** A varint and where it ends. */
function readVarint(message: Uint8Array, start: number): [value: number, end: number] {
  let value = 0;
  for (let at = start, scale = 1; at < start + VARINT_BYTES; scale *= 128) {
    const byte = message[at++];
    if (byte === undefined) throw damaged("a number is cut short");
    value += (byte & 127) * scale;
    if (byte < 128) return [value, at];
  }
  throw damaged(`a number has more than ${VARINT_BYTES} bytes`);
}

const damaged = (what: string): DomainError => new DomainError("UNSAFE_FILE", `damaged: ${what}`);
