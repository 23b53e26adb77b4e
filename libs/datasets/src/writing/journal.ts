/**
 * @file The journal of a dataset that is being written, beside it: a line for the work, then one for every item that is done. What
 * stands in it was written before its line was. A line that a crash cut off does not count.
 */
import { type FileHandle, open, readFile } from "node:fs/promises";
import type { DatasetProblem } from "../check/problems.js";
import type { Label } from "../samples/labels.js";

/** An item that became a file of `size` bytes, or one that was left out. */
export type JournalItem =
  | {
      readonly size: number;
      readonly crc: number;
      readonly label: Label | undefined;
      /** Of the first file. */
      readonly shape?: readonly number[];
    }
  | { readonly problem: DatasetProblem };

/** What a journal tells. */
export interface JournalRecord {
  readonly items: readonly JournalItem[];
  /** So many of the items outlast a power cut. */
  readonly synced: number;
  /** Bytes of the journal up to the end of every item, and of the marks behind it. */
  readonly ends: readonly number[];
}

const VERSION = 1;

export class Journal {
  private constructor(
    private readonly file: FileHandle,
    private at: number,
  ) {}

  /** Begins anew. */
  static async create(path: string, work: string): Promise<Journal> {
    const file = await open(path, "w");
    const journal = new Journal(file, 0);
    await journal.#write(`${JSON.stringify({ tandem: VERSION, work })}\n`);
    return journal;
  }

  /** What was done of this very work; undefined when there is nothing of it. */
  static async read(path: string, work: string): Promise<JournalRecord | undefined> {
    const text = await readFile(path, "utf8").catch(() => "");
    const lines = text.split("\n");
    lines.pop(); // Behind the last line break: nothing, or a line that was cut off.
    const begin = parse(lines[0]) as { tandem?: unknown; work?: unknown } | undefined;
    if (begin?.tandem !== VERSION || begin.work !== work) return undefined;
    const items: JournalItem[] = [];
    const ends: number[] = [];
    let synced = 0;
    let at = Buffer.byteLength(lines[0]!) + 1;
    for (const line of lines.slice(1)) {
      const value = parse(line);
      if (value === undefined) break;
      at += Buffer.byteLength(line) + 1;
      if (isMark(value)) {
        synced = value.synced;
        if (ends.length > 0) ends[ends.length - 1] = at;
      } else {
        items.push(value as JournalItem);
        ends.push(at);
      }
    }
    return { items, synced, ends };
  }

  /** Goes on behind the first items of a record. */
  static async resume(path: string, { ends }: JournalRecord, items: number): Promise<Journal> {
    const file = await open(path, "r+");
    const begin = (await readFile(path)).indexOf("\n") + 1;
    const at = items === 0 ? begin : ends[items - 1]!;
    await file.truncate(at);
    return new Journal(file, at);
  }

  async append(items: readonly JournalItem[]): Promise<void> {
    await this.#write(items.map((item) => `${JSON.stringify(item)}\n`).join(""));
  }

  /** The first `items` outlast a power cut. */
  async markSynced(items: number): Promise<void> {
    await this.#write(`${JSON.stringify({ synced: items })}\n`);
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  async #write(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.file.write(bytes, done, bytes.length - done, this.at);
      done += bytesWritten;
      this.at += bytesWritten;
    }
  }
}

const isMark = (value: unknown): value is { synced: number } =>
  typeof value === "object" && value !== null && "synced" in value;

function parse(line: string | undefined): unknown {
  try {
    return JSON.parse(line ?? "");
  } catch {
    return undefined;
  }
}
