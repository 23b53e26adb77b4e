/** @file What was measured, kept for good: a JSON line a value in records.jsonl. */
import { readFile } from "node:fs/promises";
import { EvaluationRecord } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { fileError, replaceFile, systemCode } from "@tandem/formats";

/** What a record answers to. */
export interface RecordKey {
  readonly metric: string;
  readonly seed: number;
  readonly numImages: number;
  readonly sourceDigest: string;
  readonly referenceSha256: string;
  readonly detectorDigest: string;
}

/** Records of a service. */
export class Records {
  #adding: Promise<unknown> = Promise.resolve();

  constructor(readonly path: string) {}

  /** All, oldest first. @throws DomainError UNSAFE_FILE naming the line */
  async all(): Promise<EvaluationRecord[]> {
    const text = await readFile(this.path, "utf8").catch((error: unknown) => {
      if (systemCode(error) === "ENOENT") return "";
      throw fileError(this.path, error);
    });
    const lines = text.split("\n");
    return lines.filter(Boolean).map((line, i) => this.#parse(line, i + 1));
  }

  /** Adds what a job measured; told again (after a crash), a value stands once. */
  add(records: readonly EvaluationRecord[]): Promise<void> {
    const added = this.#adding.then(() => this.#append(records));
    this.#adding = added.catch(() => {}); // told to who added them
    return added;
  }

  async #append(records: readonly EvaluationRecord[]): Promise<void> {
    const before = await this.all();
    const there = new Set(before.map(identity));
    const added = records.filter((record) => !there.has(identity(record)));
    if (added.length === 0) return;
    const lines = [...before, ...added].map((record) => `${JSON.stringify(EvaluationRecord.toJSON(record))}\n`);
    await replaceFile(this.path, (file) => file.writeFile(lines.join("")));
  }

  #parse(line: string, number: number): EvaluationRecord {
    try {
      return EvaluationRecord.fromJSON(JSON.parse(line));
    } catch (cause) {
      throw new DomainError(
        "UNSAFE_FILE",
        `${this.path}: line ${number} is no record; remove the line to go on without it`,
        {
          resource: this.path,
          cause,
        },
      );
    }
  }
}

/** The newest record that answers a request; undefined when there is none. */
export function findRecord(records: readonly EvaluationRecord[], key: RecordKey): EvaluationRecord | undefined {
  return records.findLast(
    ({ metric }) =>
      metric?.metric === key.metric &&
      Number(metric.seed) === key.seed &&
      Number(metric.numImages) === key.numImages &&
      metric.sourceDigest === key.sourceDigest &&
      metric.referenceSha256 === key.referenceSha256 &&
      metric.detectorDigest === key.detectorDigest,
  );
}

const identity = ({ job, metric }: EvaluationRecord) => JSON.stringify([job, metric?.metric, Number(metric?.seed)]);
