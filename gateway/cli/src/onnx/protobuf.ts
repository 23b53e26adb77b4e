/** @file Protocol buffers field by field, for changing a message without knowing all of it. */

/** A field as it stands in a message: for length-delimited ones `value` are the contents, else the number's own bytes. */
export interface Field {
  readonly number: number;
  /** 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes. */
  readonly wireType: number;
  readonly value: Uint8Array;
}

/** Bytes in pieces, so that gigabytes need not be copied into one array. */
export type Pieces = readonly Uint8Array[];

/** Total size of pieces, bytes. */
export const sizeOfPieces = (pieces: Pieces): number => pieces.reduce((sum, piece) => sum + piece.length, 0);

/** Contents of a field after its tag, by wire type. */
const lengths: Record<number, (message: Uint8Array, at: number) => [start: number, end: number]> = {
  0: (message, at) => [at, readVarint(message, at)[1]],
  1: (_, at) => [at, at + 8],
  2: (message, at) => {
    const [length, start] = readVarint(message, at);
    return [start, start + length];
  },
  5: (_, at) => [at, at + 4],
};

/** Fields of a message, in order. The message is our own writer's: it is whole. */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  for (let at = 0; at < message.length; ) {
    const [tag, afterTag] = readVarint(message, at);
    const [number, wireType] = [Math.floor(tag / 8), tag % 8];
    const extent = lengths[wireType];
    if (!extent) throw new Error(`wire type ${wireType} at byte ${at}`);
    const [start, end] = extent(message, afterTag);
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

/** Text of a field's contents. */
export const textOf = (value: Uint8Array): string =>
  Buffer.from(value.buffer, value.byteOffset, value.length).toString("utf8");

function varintBytes(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Uint8Array.from([...bytes, value]);
}

/** A varint and where it ends. */
function readVarint(message: Uint8Array, at: number): [value: number, end: number] {
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = message[at++] ?? 0;
    value += (byte & 127) * scale;
    if (byte < 128) return [value, at];
  }
}
