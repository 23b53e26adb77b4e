/**
 * @file Statistics as Python pickles them: a dict of dicts of NumPy arrays. Protocol 3 (PEP 307 and Python's pickletools), without
 * memory: every object is written where it stands. NumPy 1 and 2 both know the module name used here.
 */
import type { ReferenceStatistics } from "./reference-statistics.js";

const encoder = new TextEncoder();

/** The file's bytes, piece by piece; the arrays' own are not copied. */
export function* picklePieces({ numImages, detectors }: ReferenceStatistics): Generator<Uint8Array> {
  yield Uint8Array.of(0x80, 3, op("}"), op("("));
  yield* [text("num_images"), integer(numImages)];
  for (const [key, { mu, sigma }] of detectors) {
    yield* [text(key), Uint8Array.of(op("}"), op("("))];
    yield text("mu");
    yield* array([mu.length], mu);
    yield text("sigma");
    yield* array([mu.length, mu.length], sigma);
    yield Uint8Array.of(op("u"));
  }
  yield Uint8Array.of(op("u"), op("."));
}

const op = (character: string): number => character.charCodeAt(0);

/** ndarray made by _reconstruct(ndarray, (0,), b"b"), then __setstate__((1, shape, dtype, False, bytes)). */
function* array(shape: readonly number[], { buffer, byteOffset, byteLength }: Float64Array): Generator<Uint8Array> {
  yield encoder.encode("cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n");
  yield Uint8Array.of(op("K"), 0, 0x85, op("C"), 1, op("b"), 0x87, op("R"));
  yield Uint8Array.of(op("("), op("K"), 1);
  yield* shape.map(integer);
  yield Uint8Array.of(shape.length === 1 ? 0x85 : 0x86);
  // dtype("f8", False, True), then __setstate__((3, "<", None, None, None, -1, -1, 0)).
  yield* [encoder.encode("cnumpy\ndtype\n"), text("f8"), Uint8Array.of(0x89, 0x88, 0x87, op("R"), op("("), op("K"), 3)];
  yield* [text("<"), encoder.encode("NNN"), integer(-1), integer(-1), integer(0), encoder.encode("tb")];
  yield Uint8Array.of(0x89, op("B"), ...uint32(byteLength));
  yield new Uint8Array(buffer, byteOffset, byteLength);
  yield encoder.encode("tb");
}

function text(value: string): Uint8Array {
  const bytes = encoder.encode(value);
  return Uint8Array.of(op("X"), ...uint32(bytes.length), ...bytes);
}

/** BININT, or LONG1 of eight bytes where that is too small. */
function integer(value: number): Uint8Array {
  if (value === (value | 0)) return Uint8Array.of(op("J"), ...uint32(value));
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true);
  return Uint8Array.of(0x8a, 8, ...bytes);
}

const uint32 = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
