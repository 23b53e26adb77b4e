/** @file Seeds: unsigned 64-bit on the wire, of which generators use the lower 32 bits. */
import { invalid } from "@tandem/errors";

/**
 * The 32 bits of a seed that count: seed mod 2^32 (numerics: section 3).
 * @param seed  integer, 0 to 2^64 - 1; a number must be exact (at most 2^53 - 1)
 * @param field the request's field, for the error
 * @throws DomainError FIELD_INVALID
 */
export function seedBits(seed: bigint | number, field = "seeds"): number {
  const isUsable = typeof seed === "bigint" ? seed >= 0n && seed < 1n << 64n : Number.isSafeInteger(seed) && seed >= 0;
  if (!isUsable) throw invalid(field, seed, "an integer from 0 to 2^64 - 1");
  return Number(BigInt.asUintN(32, BigInt(seed)));
}
