/** @file What the first bytes of a picture say: its type, and what of it is not read. Cheaper than to ask a decoder, and safer. */
import { invalidDataset } from "../invalid-dataset.js";

const PNG = Buffer.from("89504e470d0a1a0a", "hex");

/** What pictures may be, by their first bytes: never by their names, which lie. */
const kinds = [
  { kind: "png", begins: (bytes: Buffer) => bytes.subarray(0, 8).equals(PNG), check: checkPng },
  { kind: "jpeg", begins: (bytes: Buffer) => bytes.readUIntBE(0, 3) === 0xffd8ff, check: checkJpeg },
  {
    kind: "webp",
    begins: (bytes: Buffer) => isTagged(bytes, 0, "RIFF") && isTagged(bytes, 8, "WEBP"),
    check: checkWebp,
  },
] as const;

/** A type of picture that is read. */
export type PictureKind = (typeof kinds)[number]["kind"];

/** Pictures that we know, do not read, and can name. */
const others: readonly (readonly [name: string, at: number, tag: string])[] = [
  ["a GIF", 0, "GIF8"],
  ["a TIFF", 0, "II*\0"],
  ["a TIFF", 0, "MM\0*"],
  ["a BMP", 0, "BM"],
  ["an AVIF or HEIF", 4, "ftyp"],
  ["an SVG or XML", 0, "<"],
];

/**
 * Checks that a picture is a PNG, JPEG or WebP of one frame, with 8 bits a channel or fewer, in RGB or grey.
 * @throws DomainError DATASET_INVALID naming the file
 */
export function checkKind(file: string, bytes: Buffer): PictureKind {
  if (bytes.length === 0) throw invalidDataset(file, "is empty");
  if (bytes.length < 32) throw invalidDataset(file, `has ${bytes.length} bytes, too few for a picture`);
  const known = kinds.find(({ begins }) => begins(bytes));
  if (!known) {
    const other = others.find(([, at, tag]) => isTagged(bytes, at, tag))?.[0];
    throw invalidDataset(file, `is ${other ?? "no picture, or damaged"}; PNG, JPEG and WebP are read`);
  }
  known.check(file, bytes);
  return known.kind;
}

/** IHDR is always first; an animated PNG has a chunk acTL before its pixels. */
function checkPng(file: string, bytes: Buffer): void {
  const depth = bytes[24]!;
  if (depth > 8) throw invalidDataset(file, `has ${depth} bits a channel; convert it to 8`);
  for (let at = 8; at + 8 <= bytes.length && !isTagged(bytes, at + 4, "IDAT"); at += 12 + bytes.readUInt32BE(at))
    if (isTagged(bytes, at + 4, "acTL")) throw animated(file);
}

/** The frame header of a JPEG says bits and components: segments are walked until it comes. */
function checkJpeg(file: string, bytes: Buffer): void {
  for (let at = 2; at + 10 <= bytes.length; ) {
    if (bytes[at] !== 0xff) throw invalidDataset(file, "is a damaged JPEG: a segment is not where it should be");
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (!isFrame) {
      at += 2 + (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8) ? 0 : bytes.readUInt16BE(at + 2));
      continue;
    }
    const [bits, components] = [bytes[at + 4]!, bytes[at + 9]!];
    if (bits !== 8) throw invalidDataset(file, `has ${bits} bits a channel; convert it to 8`);
    if (components !== 1 && components !== 3)
      throw invalidDataset(file, `has ${components} colour channels (CMYK); convert it to RGB`);
    return;
  }
  throw invalidDataset(file, "is cut off: a JPEG without a picture");
}

/** The extended header has a bit for animations. */
function checkWebp(file: string, bytes: Buffer): void {
  if (isTagged(bytes, 12, "VP8X") && (bytes[20]! & 0b10) !== 0) throw animated(file);
}

const isTagged = (bytes: Buffer, at: number, tag: string): boolean =>
  bytes.toString("latin1", at, at + tag.length) === tag;

const animated = (file: string) => invalidDataset(file, "is animated; take the frames that you want as pictures");
