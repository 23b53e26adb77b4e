/** @file A server as ListServers tells of it. */
import { type Server, ServerHealth, Status, toDuration } from "@tandem/contracts";
import { statusOf } from "@tandem/rpc";
import { qualified } from "../names.js";
import type { Health } from "./health-monitor.js";
import type { ModelServer } from "./model-server.js";

const HEALTH = {
  unknown: ServerHealth.SERVER_HEALTH_UNSPECIFIED,
  serving: ServerHealth.SERVER_HEALTH_SERVING,
  "not serving": ServerHealth.SERVER_HEALTH_NOT_SERVING,
  unreachable: ServerHealth.SERVER_HEALTH_UNREACHABLE,
} as const satisfies Record<Health, ServerHealth>;

/** Addresses and tokens stay here. */
export function toServerMessage(server: ModelServer): Server {
  const roundTrip = server.roundTrips.quantile(0.5);
  const { error } = server;
  return {
    name: `servers/${server.name}`,
    displayName: server.config.displayName,
    health: HEALTH[server.health],
    error: error && Status.fromPartial({ code: statusOf(error.reason), message: error.message }),
    services: [...server.services].sort(),
    tls: server.config.tls !== undefined,
    roundTrip: roundTrip === undefined ? undefined : toDuration(roundTrip),
    latencies: server.latencies.list().map(({ model, batchSize, medianMs, p99Ms, computeMs }) => ({
      model: qualified(server.name, model),
      batchSize,
      median: toDuration(medianMs),
      p99: toDuration(p99Ms),
      compute: computeMs === undefined ? undefined : toDuration(computeMs),
    })),
    inFlight: server.inFlight,
    lastSeen: server.lastSeen,
  };
}
