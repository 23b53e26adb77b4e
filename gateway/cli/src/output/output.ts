/** @file Where a command writes: results to standard output, everything else to standard error. */
import Table from "cli-table3";
import { lineProgress, type Progress, terminalProgress } from "./progress.js";

/** The two streams of a command, in one of two manners: for people, or one JSON object a line. */
export class Output {
  /** Whether a bar stands in the terminal's last line. */
  #hasBar = false;

  constructor(
    private readonly stdout: NodeJS.WriteStream,
    private readonly stderr: NodeJS.WriteStream,
    readonly json: boolean,
  ) {}

  /** A result: the object with --json, else the text (nothing when there is none). */
  result(object: object, text?: string): void {
    const line = this.json ? JSON.stringify(object, plain) : text;
    if (line === undefined) return;
    if (this.#hasBar && this.stdout.isTTY) this.stderr.write(CLEAR_LINE);
    this.stdout.write(`${line}\n`);
  }

  /** Several results of one shape: an object a line with --json, else a table. */
  results<T extends object>(
    rows: readonly T[],
    columns: Readonly<Record<string, (row: T) => string>>,
    none: string,
  ): void {
    if (this.json) {
      for (const row of rows) this.result(row);
      return;
    }
    if (rows.length === 0) {
      this.note(none);
      return;
    }
    const chars = Object.fromEntries(tableLines.map((name) => [name, ""]));
    const style = { head: [], border: [], "padding-left": 0, "padding-right": 2 };
    const table = new Table({ head: Object.keys(columns), chars, style });
    for (const row of rows) table.push(Object.values(columns).map((column) => column(row)));
    this.stdout.write(`${table.toString().replace(/ +$/gm, "")}\n`);
  }

  /** A remark for people; never a result. */
  note(text: string): void {
    this.stderr.write(`${text}\n`);
  }

  /** Progress of work whose size is known. */
  progress(title: string, total: number, unit: string): Progress {
    if (!this.stderr.isTTY) return lineProgress(this.stderr, title, total, unit);
    const bar = terminalProgress(this.stderr, title, total, unit);
    this.#hasBar = true;
    return {
      update: bar.update,
      stop: () => {
        this.#hasBar = false;
        bar.stop();
      },
    };
  }
}

/** To the line's beginning, and empty it: the bar draws itself again below what is written now. */
const CLEAR_LINE = "\r\u001b[K";

const tableLines = [
  ...["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"],
  ...["left", "left-mid", "mid", "mid-mid", "right", "right-mid", "middle"],
] as const;

/** Whole numbers of 64 bits as numbers where they are exact, else as text. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value !== "bigint") return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
}
