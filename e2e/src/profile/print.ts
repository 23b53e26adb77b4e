/** @file A profile as text, with the change since the last one. */
import type { Profile, Row, Table } from "./profile.js";

/** Tables with a column for the change of each row's first number against `previous`. */
export function printed(profile: Profile, previous: Profile | undefined): string {
  const tables = profile.tables.map((table) => printedTable(table, tableOf(previous, table.title)));
  const comparison = previous
    ? "change: of the first column, against the last profile of the same."
    : "No earlier profile of the same to compare with.";
  return [profile.subject, ...profile.notes, comparison, ...tables.flatMap((text) => ["", text])].join("\n");
}

const tableOf = (profile: Profile | undefined, title: string): Table | undefined =>
  profile?.tables.find((table) => table.title === title);

function printedTable({ title, columns, rows }: Table, previous: Table | undefined): string {
  const lines = [[title, ...columns, ...(previous ? ["change"] : [])]];
  for (const row of rows) {
    const cells = columns.map((column) => number(row.values[column]));
    lines.push([row.name, ...cells, ...(previous ? [change(row, previous, columns[0]!)] : [])]);
  }
  const gone = previous?.rows.filter(({ name }) => rows.every((row) => row.name !== name)) ?? [];
  for (const { name } of gone) lines.push([name, ...columns.map(() => ""), "gone"]);
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  return lines
    .map((line) => line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  "))
    .join("\n");
}

function change({ name, values }: Row, previous: Table, column: string): string {
  const before = previous.rows.find((row) => row.name === name)?.values[column];
  const now = values[column];
  if (before === undefined || now === undefined) return "new";
  if (before === 0) return now === 0 ? "+0.0 %" : "from 0";
  const percent = 100 * (now / before - 1);
  return `${percent < 0 ? "" : "+"}${percent.toFixed(1)} %`;
}

/** Three digits that matter, none of them lost before the point. */
function number(value: number | undefined): string {
  if (value === undefined) return "-";
  if (Number.isInteger(value)) return String(value);
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3);
}
