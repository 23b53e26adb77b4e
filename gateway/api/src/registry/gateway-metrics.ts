/** @file What the gateway tells Prometheus of its servers: where the time of evaluations goes, and who is there. */
import { Gauge, Histogram, type Registry as PrometheusRegistry } from "prom-client";
import type { Evaluation } from "./latencies.js";
import type { ModelServer } from "./model-server.js";
import type { Registry } from "./registry.js";

/** From a small network's queue to a large network on a CPU, seconds. */
const SECONDS = [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100];

/** Metrics by server, added to those of the process. */
export class GatewayMetrics {
  constructor(registry: Registry, prometheus: PrometheusRegistry) {
    const registers = [prometheus];
    const seconds = new Histogram({
      name: "tandem_evaluation_seconds",
      help: "Time of an evaluation on a server by part: queue and compute as the server says, wire what is left.",
      labelNames: ["server", "model", "part"] as const,
      buckets: SECONDS,
      registers,
    });
    for (const { name, latencies } of registry.servers)
      latencies.observers.push(({ model, totalMs, queueMs, computeMs }: Evaluation) => {
        seconds.observe({ server: name, model, part: "queue" }, queueMs / 1000);
        seconds.observe({ server: name, model, part: "compute" }, computeMs / 1000);
        seconds.observe({ server: name, model, part: "wire" }, Math.max(0, totalMs - queueMs - computeMs) / 1000);
      });
    const perServer = (name: string, help: string, read: (server: ModelServer) => number) =>
      new Gauge({
        name,
        help,
        labelNames: ["server"] as const,
        registers,
        collect() {
          for (const server of registry.servers) this.set({ server: server.name }, read(server));
        },
      });
    perServer("tandem_server_up", "1 while the server takes work.", ({ health }) => (health === "serving" ? 1 : 0));
    perServer("tandem_server_evaluations", "Evaluations in progress through this gateway.", ({ inFlight }) => inFlight);
  }
}
