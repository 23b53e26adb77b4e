/** @file How long a server's evaluations take, by model and batch size. */
import { Measurements } from "./measurements.js";

/** Times of one model at one batch size, milliseconds. */
export interface LatencySummary {
  readonly model: string;
  readonly batchSize: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  /** Median of the server's own compute time; undefined when it tells none. */
  readonly computeMs: number | undefined;
}

/** One evaluation; times in milliseconds, 0 where the server tells none. */
export interface Evaluation {
  readonly model: string;
  readonly batchSize: number;
  /** Noise level of its first sample. */
  readonly sigma: number;
  /** Sent to received. */
  readonly totalMs: number;
  /** The server's own time within it, waiting and computing. */
  readonly queueMs: number;
  readonly computeMs: number;
}

interface Series {
  readonly model: string;
  readonly batchSize: number;
  readonly total: Measurements;
  readonly compute: Measurements;
}

/** Latencies of one server. */
export class Latencies {
  readonly #series = new Map<string, Series>();

  /** Called for each evaluation. */
  readonly observers: ((evaluation: Evaluation) => void)[] = [];

  record(evaluation: Evaluation): void {
    const { model, batchSize, totalMs, computeMs } = evaluation;
    for (const observe of this.observers) observe(evaluation);
    const key = `${model} ${batchSize}`;
    let series = this.#series.get(key);
    if (!series) {
      series = { model, batchSize, total: new Measurements(), compute: new Measurements() };
      this.#series.set(key, series);
    }
    series.total.add(totalMs);
    if (computeMs > 0) series.compute.add(computeMs);
  }

  /** Everything measured, in order of model and batch size. */
  list(): LatencySummary[] {
    return [...this.#series.values()]
      .sort((a, b) => a.model.localeCompare(b.model) || a.batchSize - b.batchSize)
      .map(({ model, batchSize, total, compute }) => ({
        model,
        batchSize,
        medianMs: total.quantile(0.5) ?? 0,
        p99Ms: total.quantile(0.99) ?? 0,
        computeMs: compute.quantile(0.5),
      }));
  }

  /**
   * Time of an evaluation of this size, from the nearest batch size measured; a larger batch takes proportionally longer, a
   * smaller one is not assumed to be faster. Undefined while the model was not measured.
   */
  expect(model: string, batchSize: number): { medianMs: number; p99Ms: number } | undefined {
    let nearest: Series | undefined;
    for (const series of this.#series.values()) {
      if (series.model !== model) continue;
      if (!nearest || distance(series.batchSize, batchSize) < distance(nearest.batchSize, batchSize)) nearest = series;
    }
    if (!nearest) return undefined;
    const scale = Math.max(1, batchSize / nearest.batchSize);
    return {
      medianMs: (nearest.total.quantile(0.5) ?? 0) * scale,
      p99Ms: (nearest.total.quantile(0.99) ?? 0) * scale,
    };
  }

  /** Forgets a model: another one may get its name. */
  forget(model: string): void {
    for (const [key, series] of this.#series) if (series.model === model) this.#series.delete(key);
  }
}

const distance = (a: number, b: number) => Math.abs(Math.log(a / b));
