/**
 * @file Features as integers, so that their sums are exact and no order of adding them matters. A feature f becomes the integer
 * nearest to f 2^30; every float32 from 2^-7 up stays what it is. Totals are kept in digits of base 2^44, each an integer in a
 * float64, from -2^43 up to but without 2^43 (the last may be larger): one total has one such form, whatever it was added from.
 */
import { DomainError } from "@tandem/errors";

/** Bits behind the point of a feature. */
export const FRACTION = 30;
/** Features are below this, and above its negative. */
export const LIMIT = 2 ** 13;
/** Base of the digits of totals. */
export const BASE = 2 ** 44;
/** Digits of a sum of features, and of a sum of products. */
export const SUM_DIGITS = 2;
export const OUTER_DIGITS = 3;
/** Most images of a total: the last digits stay exact beyond that, the statistics' own arithmetic is not proved to. */
export const MAX_IMAGES = 2 ** 31;

/** Added and taken away, it rounds a float64 below 2^51 to the nearest integer, ties to even. */
export const ROUND = 1.5 * 2 ** 52;

/** Refuses rows that have no such integers. @param first number of the first row, for errors */
export function checkRange(rows: Float32Array, dim: number, first: number): void {
  let isWithin = true;
  for (let i = 0; i < rows.length; i++) isWithin &&= Math.abs(rows[i]!) < LIMIT; // false for NaN
  if (isWithin) return;
  const at = rows.findIndex((value) => !(Math.abs(value) < LIMIT));
  const where = `feature ${at % dim} of image ${first + Math.floor(at / dim)} is ${rows[at]}`;
  if (!Number.isFinite(rows[at]))
    throw new DomainError("NOT_FINITE", `${where}; the detector's weights or this image are damaged`);
  throw new DomainError(
    "FIELD_INVALID",
    `${where}; features must be within ${-LIMIT} and ${LIMIT}: scale this detector's`,
    {
      field: "features",
    },
  );
}

/** Adds totals to others, digit by digit with carries. @param into and `digits`: 2 or 3 digits of equal lengths */
export function addDigits(into: readonly Float64Array[], digits: readonly Float64Array[]): void {
  const last = into.length - 1;
  for (let i = 0; i < into[0]!.length; i++) {
    let carry = 0;
    for (let k = 0; k < last; k++) {
      const total = into[k]![i]! + digits[k]![i]! + carry;
      carry = Math.floor(total / BASE + 0.5);
      into[k]![i] = total - carry * BASE;
    }
    into[last]![i]! += digits[last]![i]! + carry;
  }
}

/** Refuses what are no digits. @throws DomainError FIELD_INVALID */
export function checkDigits(digits: readonly Float64Array[], name: string): void {
  for (const [k, digit] of digits.entries()) {
    const limit = k < digits.length - 1 ? BASE / 2 : Number.MAX_SAFE_INTEGER;
    let isFit = true;
    for (let i = 0; i < digit.length; i++) {
      const value = digit[i]!;
      isFit &&= Math.floor(value) === value && value >= -limit && value < limit;
    }
    if (!isFit)
      throw new DomainError(
        "FIELD_INVALID",
        `${name}: part ${k} holds what is no part of a total; its file is damaged`,
        { field: name },
      );
  }
}
