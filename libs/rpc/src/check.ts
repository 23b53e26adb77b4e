/**
 * @file Checks of request fields, for the border of a service: each returns what it checked, or throws FIELD_INVALID with the
 * field's path in the contract, the value and what is allowed.
 */
import { invalid } from "@tandem/errors";

/** An integer from `low` to `high`, both included. */
export function integer(value: number, low: number, high: number, field: string): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw invalid(field, value, `an integer of ${low} to ${high}`);
}

/** A message that must be there. */
export function present<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw invalid(field, undefined, "given");
  return value;
}

/**
 * A value of an enum of the contract, as the row of a table; values without a row come from newer clients.
 * @param rows  what each allowed value means
 * @param names the generated enum, for the message
 */
export function known<T>(
  value: number,
  rows: Readonly<Record<number, T>>,
  names: Readonly<Record<number, string>>,
  field: string,
): T {
  const row = rows[value];
  if (row !== undefined) return row;
  const allowed = Object.keys(rows).map((key) => names[Number(key)] ?? key);
  throw invalid(field, names[value] ?? value, `one of ${allowed.join(", ")}`);
}
