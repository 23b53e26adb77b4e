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
