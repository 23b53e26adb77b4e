/** @file The two texts of a run's folder: log.txt for people, stats.jsonl for plots. */
import { appendFile, readFile } from "node:fs/promises";
import { fileError, replaceFile, systemCode } from "@tandem/formats";
import type { RunFolder } from "./run-folder.js";
import type { RunStatus } from "./tick.js";

/** Appends to a run's texts. */
export class Journal {
  constructor(private readonly folder: RunFolder) {}

  /** A line with the time in front. @throws DomainError OUT_OF_MEMORY (disk full), URI_NOT_ALLOWED */
  async log(message: string): Promise<void> {
    await append(this.folder.log, `${new Date().toISOString()} ${message}`);
  }

  /** A status into both. */
  async status(status: RunStatus): Promise<void> {
    await append(this.folder.stats, JSON.stringify({ ...status, time: new Date().toISOString() }));
    await this.log(statusLine(status));
  }

  /** Forgets what came after a position: a resumed run does it again. Half a line at the end of a killed run goes as well. */
  async rewind(done: number): Promise<void> {
    const text = await readFile(this.folder.stats, "utf8").catch((error: unknown) => {
      if (systemCode(error) === "ENOENT") return "";
      throw fileError(this.folder.stats, error);
    });
    const lines = text.split("\n").filter((line) => line !== "");
    const kept = lines.filter((line) => nimgOf(line) <= done);
    const whole = kept.map((line) => `${line}\n`).join("");
    if (whole !== text) await replaceFile(this.folder.stats, (file) => file.writeFile(whole));
  }
}

/** A status in one line for people. */
export function statusLine(status: RunStatus): string {
  const { nimg, tick, loss, learningRate, secondsPerKimg, maintenanceSeconds, nonfiniteGradients } = status;
  const facts = [
    `tick ${tick}`,
    `nimg ${nimg}`,
    `loss ${loss.toPrecision(5)}`,
    `lr ${learningRate.toExponential(3)}`,
    `${(1000 / secondsPerKimg).toPrecision(4)} images/s`,
    `maintenance ${maintenanceSeconds.toFixed(1)} s`,
    `memory ${(status.hostMemoryBytes / 2 ** 30).toFixed(2)} GiB`,
  ];
  if (nonfiniteGradients > 0) facts.push(`${nonfiniteGradients} gradient elements not finite`);
  return facts.join("  ");
}

/** Infinity for a line that is none of ours. */
function nimgOf(line: string): number {
  try {
    const { nimg } = JSON.parse(line) as { nimg?: unknown };
    return typeof nimg === "number" ? nimg : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY; // cut short by the end of the process
  }
}

async function append(path: string, line: string): Promise<void> {
  try {
    await appendFile(path, `${line}\n`);
  } catch (error) {
    throw fileError(path, error);
  }
}
