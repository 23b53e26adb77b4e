/** @file What a run tells, as reports of its job. */
import type { Artifact, Execution } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import type { JobReports } from "@tandem/jobs";
import type { RunFile, RunReporter } from "../run/run-reporter.js";
import type { RunStatus } from "../run/tick.js";
import { snapshotInfo } from "./snapshot-info.js";
import { writeStatus } from "./status-message.js";

/** A run may do thousands of steps a second; nobody looks that often. */
const PROGRESS_MS = 200;

const kinds = { snapshot: "snapshot", checkpoint: "checkpoint", samples: "image" } as const;

/** Passes on what a run tells to its job. */
export class RunReports implements RunReporter {
  readonly #announced: Promise<unknown>[] = [];
  #toldAt = Number.NEGATIVE_INFINITY;

  /** @param unit what the run counts, for people */
  constructor(
    private readonly job: JobReports,
    private readonly unit: string,
    private readonly execution: Execution,
  ) {}

  status(status: RunStatus): void {
    this.job.status(writeStatus(status, this.execution));
  }

  progress(done: number, total: number, rate: number): void {
    const now = performance.now();
    if (done < total && now - this.#toldAt < PROGRESS_MS) return;
    this.#toldAt = now;
    this.job.progress({ done, total, unit: this.unit, rate });
  }

  log(severity: "info" | "warning", message: string): void {
    this.job.log(severity, message);
  }

  preview(png: Uint8Array, done: number): void {
    this.job.preview({ index: BigInt(done), step: 0, data: png, mediaType: "image/png" });
  }

  file(file: RunFile): void {
    const announced = this.artifact(file);
    announced.catch(() => {}); // settled() tells
    this.#announced.push(announced);
  }

  /** Makes a file known, once. @returns undefined when it is gone: a checkpoint that newer ones have replaced meanwhile */
  async artifact({ path, kind }: Pick<RunFile, "path" | "kind">): Promise<Artifact | undefined> {
    try {
      const details = kind === "snapshot" ? await snapshotInfo(path) : undefined;
      return await this.job.artifact({ path, kind: kinds[kind], details });
    } catch (error) {
      if (error instanceof DomainError && error.reason === "RESOURCE_NOT_FOUND") return undefined;
      throw error;
    }
  }

  /** Resolves once every file is known. @throws what making one known failed with */
  async settled(): Promise<void> {
    await Promise.all(this.#announced);
  }
}
