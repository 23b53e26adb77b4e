/** @file What is gathered from one status of a run to the next. */
import type { RunPosition } from "./position.js";
import type { StepReport } from "./trainee.js";

/** One line of a run's status. */
export interface RunStatus {
  /** Units done. */
  readonly nimg: number;
  /** Statuses so far, from 1. */
  readonly tick: number;
  /** Mean over the elements of the loss since the last status. */
  readonly loss: number;
  readonly learningRate: number;
  readonly emaBetas: readonly number[];
  /** Seconds since the last status, without maintenance. */
  readonly secondsPerTick: number;
  /** Seconds for 1000 units. */
  readonly secondsPerKimg: number;
  /** Seconds of that on snapshots, checkpoints and samples. */
  readonly maintenanceSeconds: number;
  /** Time at work over all attempts, seconds. */
  readonly runSeconds: number;
  readonly nonfiniteGradients: number;
  /** Highest memory of the process, bytes. */
  readonly hostMemoryBytes: number;
  /** Means of further numbers since the last status, by name. */
  readonly statistics: Readonly<Record<string, number>>;
}

/** Sums up steps between two statuses. Clocks are milliseconds of `performance.now()`. */
export class Tick {
  #since = performance.now();
  #maintenanceMs = 0;
  #units = 0;
  #steps = 0;
  #lossSum = 0;
  #lossCount = 0;
  #nonfinite = 0;
  #sums: Record<string, number> = {};
  #last: StepReport | undefined;

  add(report: StepReport, units: number): void {
    this.#units += units;
    this.#steps++;
    this.#lossSum += report.lossSum;
    this.#lossCount += report.lossCount;
    this.#nonfinite += report.nonfiniteGradients;
    for (const [name, value] of Object.entries(report.statistics ?? {}))
      this.#sums[name] = (this.#sums[name] ?? 0) + value;
    this.#last = report;
  }

  /** Time that was spent on files and pictures. */
  maintain(ms: number): void {
    this.#maintenanceMs += ms;
  }

  /** Units a second of training, since the last status; 0 before the first step. */
  get rate(): number {
    const seconds = (performance.now() - this.#since - this.#maintenanceMs) / 1000;
    return this.#units === 0 ? 0 : this.#units / Math.max(seconds, 1e-3);
  }

  /** The status at a position whose `tick` it is; what was gathered starts anew. Undefined when there was no step. */
  take(position: RunPosition): RunStatus | undefined {
    const last = this.#last;
    if (last === undefined) return undefined;
    const now = performance.now();
    const seconds = (now - this.#since - this.#maintenanceMs) / 1000;
    const status: RunStatus = {
      nimg: position.done,
      tick: position.tick,
      loss: this.#lossSum / this.#lossCount,
      learningRate: last.learningRate,
      emaBetas: [...last.emaBetas],
      secondsPerTick: seconds,
      secondsPerKimg: (1000 * seconds) / this.#units,
      maintenanceSeconds: this.#maintenanceMs / 1000,
      runSeconds: position.runSeconds,
      nonfiniteGradients: this.#nonfinite,
      hostMemoryBytes: process.resourceUsage().maxRSS * 1024,
      statistics: Object.fromEntries(Object.entries(this.#sums).map(([name, sum]) => [name, sum / this.#steps])),
    };
    this.#since = now;
    this.#maintenanceMs = 0;
    this.#units = this.#steps = this.#lossSum = this.#lossCount = this.#nonfinite = 0;
    this.#sums = {};
    this.#last = undefined;
    return status;
  }
}
