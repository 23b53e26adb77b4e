/** @file What was measured, kept for good: a JSON file a value, which can be read, copied and compared without the service. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { EvaluationRecord } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { fileError, makeFolder, replaceFile, systemCode } from "@tandem/formats";

/** What a record answers to. */
export interface RecordKey {
  readonly metric: string;
  readonly seed: number;
  readonly numImages: number;
  readonly sourceDigest: string;
  readonly referenceSha256: string;
  readonly detectorDigest: string;
}

/** Records in a folder; several processes may use it. */
export class Records {
  constructor(readonly folder: string) {}

  /** All, oldest first. @throws DomainError UNSAFE_FILE naming the file */
  async all(): Promise<EvaluationRecord[]> {
    const names = await readdir(this.folder).catch((error: unknown) => {
      if (systemCode(error) === "ENOENT") return [];
      throw fileError(this.folder, error);
    });
    const files = names.filter((name) => name.endsWith(".json") && !name.startsWith("."));
    const records = await Promise.all(files.map((name) => this.#read(join(this.folder, name))));
    return records.sort((a, b) => timeOf(a) - timeOf(b));
  }

  /** Adds what a job measured; told again, as after a crash, a value stands once. */
  async add(records: readonly EvaluationRecord[]): Promise<void> {
    await makeFolder(this.folder);
    for (const record of records) {
      const text = `${JSON.stringify(EvaluationRecord.toJSON(record), undefined, 2)}\n`;
      await replaceFile(join(this.folder, `${nameOf(record)}.json`), (file) => file.writeFile(text));
    }
  }

  async #read(path: string): Promise<EvaluationRecord> {
    const text = await readFile(path, "utf8").catch((error: unknown) => {
      throw fileError(path, error);
    });
    try {
      return EvaluationRecord.fromJSON(JSON.parse(text));
    } catch (cause) {
      const message = `${path} is no record; remove it to go on without it`;
      throw new DomainError("UNSAFE_FILE", message, { resource: path, cause });
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

const timeOf = ({ createTime }: EvaluationRecord): number => createTime?.getTime() ?? 0;

/** One value of one job has one name. */
function nameOf({ job, metric }: EvaluationRecord): string {
  const text = JSON.stringify([job, metric?.metric, String(metric?.seed)]);
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return `${metric?.metric.replace("metrics/", "")}-${digest}`;
}
