/** @file Prometheus metrics of a process. */
import type { ServerMiddleware } from "nice-grpc";
import { registry as grpcRegistry, prometheusServerMiddleware } from "nice-grpc-prometheus";
import { collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { CallInfo } from "./call.js";

/** From a tenth of a millisecond (a small network's queue) to minutes (a sampling loop). */
const SECONDS = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100];

/**
 * What a process tells Prometheus: the process itself, calls by method and code (grpc_server_*), and where the time of calls goes:
 * `tandem_call_seconds{method, part="queue" | "compute" | "wire"}`, from what handlers record with `recordTiming`. Inject it to
 * add a service's own metrics to `registry`.
 */
export class Metrics {
  readonly registry = new Registry();
  /** Outermost first. */
  readonly middleware: readonly ServerMiddleware<object, CallInfo>[];

  /** @param activeCalls calls in progress, asked at each scrape */
  constructor(activeCalls: () => number) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    new Gauge({
      name: "tandem_calls_active",
      help: "Calls in progress.",
      registers,
      collect() {
        this.set(activeCalls());
      },
    });
    const seconds = new Histogram({
      name: "tandem_call_seconds",
      help: "Time of calls by part; of streams, of each evaluation.",
      labelNames: ["method", "part"] as const,
      buckets: SECONDS,
      registers,
    });
    this.middleware = [prometheusServerMiddleware(), callSeconds(seconds)];
  }

  /** All metrics in Prometheus' text format. */
  async text(): Promise<string> {
    return await Registry.merge([this.registry, grpcRegistry]).metrics();
  }
}

/**
 * Observes each part as it is recorded. The wire of a unary call is what is left of its time: receiving, decoding, encoding. In a
 * stream, time without work is the client's; there only a caller that measured the round trip knows the wire.
 */
function callSeconds(seconds: Histogram<"method" | "part">): ServerMiddleware<object, CallInfo> {
  return async function* callSeconds(call, context) {
    const { timing } = context;
    const method = call.method.path;
    timing.observer = (part, ms) => seconds.observe({ method, part }, ms / 1000);
    const response = yield* call.next(call.request, context);
    const { queue, compute, wire } = timing.totalMs;
    if (!call.responseStream && !call.requestStream && queue + compute > 0 && wire === 0)
      timing.add({ wireMs: Math.max(0, timing.elapsedMs() - queue - compute) });
    return response;
  };
}
