/**
 * @file Checks of request fields, for the border of a service: each returns the value, or throws FIELD_INVALID with the field's
 * path in the contract, the value and what is allowed.
 */
import { DomainError, invalid } from "@tandem/errors";

/** A finite number. */
export function finite(value: number, field: string): number {
  return within(value, Number.isFinite(value), field, "finite");
}

/** A finite number above 0. */
export function positive(value: number, field: string): number {
  return within(value, Number.isFinite(value) && value > 0, field, "positive and finite");
}

/** A finite number, at least 0. */
export function notNegative(value: number, field: string): number {
  return within(value, Number.isFinite(value) && value >= 0, field, "0 or more, and finite");
}

/** An integer from `low` to `high`, both included. */
export function integer(value: number, low: number, high: number, field: string): number {
  return within(
    value,
    Number.isInteger(value) && value >= low && value <= high,
    field,
    `an integer of ${low} to ${high}`,
  );
}

/** A text that is not empty. */
export function text(value: string, field: string): string {
  return within(value, value !== "", field, "given");
}

/** A list of at least one. */
export function notEmpty<T>(values: readonly T[], field: string): readonly T[] {
  if (values.length === 0) throw invalid(field, "empty", "a list of at least one");
  return values;
}

/** A message that must be there. */
export function present<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw invalid(field, undefined, "given");
  return value;
}

/**
 * A value of an enum of the contract, as the row of a table; unknown ones come from newer clients.
 * @param rows what each allowed value means
 * @param names the generated enum, for the message
 */
export function known<T>(
  value: number,
  rows: Readonly<Record<number, T>>,
  names: Record<number, string>,
  field: string,
): T {
  const row = rows[value];
  if (row !== undefined) return row;
  const allowed = Object.keys(rows).map((key) => names[Number(key)] ?? key);
  throw invalid(field, names[value] ?? value, `one of ${allowed.join(", ")}`);
}

/**
 * The member that is set in a oneof of a stream's message.
 * @throws DomainError PROTOCOL_VIOLATION when none is, or one that this version does not know
 */
export function oneof<T extends { $case: string }>(value: T | undefined, field: string): T {
  if (value) return value;
  throw new DomainError("PROTOCOL_VIOLATION", `${field} is not set, or to something that this server does not know`, {
    field,
  });
}

function within<T>(value: T, holds: boolean, field: string, allowed: string): T {
  if (!holds) throw invalid(field, value, allowed);
  return value;
}
