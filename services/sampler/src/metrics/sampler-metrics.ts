/** @file What the networks of this server do, for Prometheus: batches, waiting, compute, memory, sessions. */
import type { ModelStatus, RuntimeEvent } from "@tandem/runtime";
import { Gauge, Histogram, type Registry } from "prom-client";

/** What is read at each scrape. */
export interface Observed {
  models(): readonly ModelStatus[];
  openSessions(): number;
  samplesInProgress(): number;
}

const milliseconds = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000].map((ms) => ms / 1000);

/** Metrics by model. */
export class SamplerMetrics {
  readonly #samples: Histogram<"model">;
  readonly #requests: Histogram<"model">;
  readonly #queue: Histogram<"model">;
  readonly #compute: Histogram<"model">;

  /** @param observed read when Prometheus asks */
  constructor(registry: Registry, observed: Observed) {
    const histogram = (name: string, help: string, buckets: number[]) =>
      new Histogram({ name, help, buckets, labelNames: ["model"], registers: [registry] });
    const powers = [1, 2, 4, 8, 16, 32, 64, 128];
    this.#samples = histogram("tandem_batch_samples", "Samples in a batch", powers);
    this.#requests = histogram("tandem_batch_requests", "Requests that a batch was made of", powers);
    this.#queue = histogram("tandem_queue_seconds", "Time that an evaluation waited for its batch", milliseconds);
    this.#compute = histogram("tandem_compute_seconds", "Time that a batch computed", milliseconds);
    addGauges(registry, observed);
  }

  /** Listener of the runtime's events. */
  readonly record = (event: RuntimeEvent): void => {
    if (event.kind !== "batch" || event.hasFailed) return;
    const { model } = event;
    this.#samples.observe({ model }, event.samples);
    this.#requests.observe({ model }, event.requests);
    for (const ms of event.queueMs) this.#queue.observe({ model }, ms / 1000);
    this.#compute.observe({ model }, event.computeMs / 1000);
  };
}

function addGauges(registry: Registry, observed: Observed): void {
  const perModel = (name: string, help: string, read: (status: ModelStatus) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ["model"],
      registers: [registry],
      collect() {
        this.reset(); // models that are gone leave no line
        for (const status of observed.models()) this.set({ model: status.name }, read(status));
      },
    });
  perModel("tandem_waiting_samples", "Samples that wait for a batch", (status) => status.waitingSamples);
  perModel("tandem_running_samples", "Samples that compute", (status) => status.runningSamples);
  perModel("tandem_model_memory_bytes", "Memory of a network", (status) => status.memoryBytes);
  const total = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  total("tandem_open_sessions", "DenoiseStream sessions that are open", () => observed.openSessions());
  total("tandem_sampling_samples", "Samples that Sample works on", () => observed.samplesInProgress());
}
