/** @file CRC-32C of tensor bytes: the contract's check that a frame arrived as it was computed. */

/** Castagnoli's polynomial, reflected. */
const POLYNOMIAL = 0x82f63b78;

/** Eight tables of 256 entries: table k advances a byte by k further zero bytes, so that eight bytes take one step. */
const tables = buildTables();

/**
 * CRC-32C (Castagnoli, reflected, initial value and final XOR 0xFFFFFFFF).
 * @param bytes any length, any alignment
 * @returns 0 to 2^32 - 1
 * @see RFC 3720, appendix B.4, for the check values
 */
export function crc32c(bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables;
  const bulk = bytes.length - (bytes.length % 8);
  let crc = ~0;
  let i = 0;
  for (; i < bulk; i += 8) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    crc =
      t7[crc & 255]! ^
      t6[(crc >>> 8) & 255]! ^
      t5[(crc >>> 16) & 255]! ^
      t4[crc >>> 24]! ^
      t3[bytes[i + 4]!]! ^
      t2[bytes[i + 5]!]! ^
      t1[bytes[i + 6]!]! ^
      t0[bytes[i + 7]!]!;
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]!) & 255]!;
  return ~crc >>> 0;
}

type Tables = [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array];

function buildTables(): Tables {
  const built = Array.from({ length: 8 }, () => new Int32Array(256)) as Tables;
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    built[0][byte] = crc;
  }
  for (let k = 1; k < 8; k++) {
    const previous = built[k - 1]!;
    for (let byte = 0; byte < 256; byte++) {
      const crc = previous[byte]!;
      built[k]![byte] = (crc >>> 8) ^ built[0][crc & 255]!;
    }
  }
  return built;
}
