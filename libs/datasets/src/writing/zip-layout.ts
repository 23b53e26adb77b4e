/**
 * @file The parts of a ZIP archive of stored files (PKWARE's APPNOTE), so laid out that equal files are equal archives: all from 1980,
 * no owner, no extra fields but ZIP64's, which stand only where numbers need them.
 */

/** A file in an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly crc: number;
  /** Bytes, less than 2^32 - 1. */
  readonly size: number;
  /** Where its local header begins. */
  readonly offset: number;
}

const [MAX16, MAX32] = [0xffff, 0xffffffff];
/** 1 January 1980 in MS-DOS's notation: the earliest there is. */
const DATE = 0x0021;
/** UTF-8 names. */
const FLAGS = 0x0800;
/** Made on Unix, so that the mode of files below means something. */
const UNIX = 3 << 8;
const MODE = 0o100644;

/** What stands before a file's bytes. */
export function localHeader({ name, crc, size }: ZipEntry): Buffer {
  const text = Buffer.from(name, "utf8");
  const header = Buffer.alloc(30 + text.length);
  header.writeUInt32LE(0x04034b50, 0);
  common(header, 4, 20, { crc, size }, text.length);
  text.copy(header, 30);
  return header;
}

/** An archive's directory and end, in parts, for entries that end at `start`. */
export function* directory(entries: Iterable<ZipEntry>, start: number): Generator<Buffer> {
  let [count, size] = [0, 0];
  for (const entry of entries) {
    const record = directoryRecord(entry);
    count++;
    size += record.length;
    yield record;
  }
  if (count >= MAX16 || size >= MAX32 || start >= MAX32) yield zip64End(count, size, start);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(count, MAX16), 8);
  end.writeUInt16LE(Math.min(count, MAX16), 10);
  end.writeUInt32LE(Math.min(size, MAX32), 12);
  end.writeUInt32LE(Math.min(start, MAX32), 16);
  yield end;
}

function directoryRecord({ name, crc, size, offset }: ZipEntry): Buffer {
  const text = Buffer.from(name, "utf8");
  const isFar = offset >= MAX32;
  const record = Buffer.alloc(46 + text.length + (isFar ? 12 : 0));
  record.writeUInt32LE(0x02014b50, 0);
  record.writeUInt16LE(UNIX | (isFar ? 45 : 20), 4);
  common(record, 6, isFar ? 45 : 20, { crc, size }, text.length);
  record.writeUInt16LE(isFar ? 12 : 0, 30);
  record.writeUInt32LE(MODE * 2 ** 16, 38);
  record.writeUInt32LE(Math.min(offset, MAX32), 42);
  text.copy(record, 46);
  if (!isFar) return record;
  record.writeUInt16LE(1, 46 + text.length);
  record.writeUInt16LE(8, 48 + text.length);
  record.writeBigUInt64LE(BigInt(offset), 50 + text.length);
  return record;
}

/** What local headers and directory have in common, from the version needed on. */
function common(
  header: Buffer,
  at: number,
  version: number,
  { crc, size }: { crc: number; size: number },
  nameBytes: number,
): void {
  header.writeUInt16LE(version, at);
  header.writeUInt16LE(FLAGS, at + 2);
  header.writeUInt16LE(DATE, at + 8);
  header.writeUInt32LE(crc, at + 10);
  header.writeUInt32LE(size, at + 14);
  header.writeUInt32LE(size, at + 18);
  header.writeUInt16LE(nameBytes, at + 22);
}

/** ZIP64's end of the directory, and what tells where it is. */
function zip64End(count: number, size: number, start: number): Buffer {
  const end = Buffer.alloc(56 + 20);
  end.writeUInt32LE(0x06064b50, 0);
  end.writeBigUInt64LE(44n, 4);
  end.writeUInt16LE(UNIX | 45, 12);
  end.writeUInt16LE(45, 14);
  end.writeBigUInt64LE(BigInt(count), 24);
  end.writeBigUInt64LE(BigInt(count), 32);
  end.writeBigUInt64LE(BigInt(size), 40);
  end.writeBigUInt64LE(BigInt(start), 48);
  end.writeUInt32LE(0x07064b50, 56);
  end.writeBigUInt64LE(BigInt(start + size), 64);
  end.writeUInt32LE(1, 72);
  return end;
}
