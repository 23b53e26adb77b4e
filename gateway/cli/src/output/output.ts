/** @file Where a command writes: results to standard output, everything else to standard error. */
import Table from "cli-table3";
import { lineProgress, type Progress, terminalProgress } from "./progress.js";

/** The two streams of a command, in one of two manners: for people, or one JSON object a line. */
export class Output {
  #progress: Progress | undefined;

  constructor(
    private readonly stdout: NodeJS.WriteStream,
    private readonly stderr: NodeJS.WriteStream,
    readonly json: boolean,
  ) {}

  /** A result: the object with --json, else the text (nothing when there is none). */
  result(object: object, text?: string): void {
    const line = this.json ? JSON.stringify(object, plain) : text;
    if (line === undefined) return;
    const write = () => this.stdout.write(`${line}\n`);
    if (this.#progress && this.stdout.isTTY) this.#progress.aside(write);
    else write();
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
    const start = this.stderr.isTTY ? terminalProgress : lineProgress;
    const progress = start(this.stderr, title, total, unit);
    this.#progress = progress;
    const stop = () => {
      this.#progress = undefined;
      progress.stop();
    };
    return { ...progress, stop };
  }
}

const tableLines = [
  ...["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"],
  ...["left", "left-mid", "mid", "mid-mid", "right", "right-mid", "middle"],
] as const;

/** Whole numbers of 64 bits as numbers where they are exact, else as text. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value !== "bigint") return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
}
