/** @file `tandem servers`: the servers that the gateway knows. */
import { type Server, ServerHealth, toMilliseconds } from "@tandem/contracts";
import type { Context } from "../context.js";
import { Gateway } from "../gateway.js";

const health: Record<ServerHealth, string> = {
  [ServerHealth.SERVER_HEALTH_UNSPECIFIED]: "not asked yet",
  [ServerHealth.SERVER_HEALTH_SERVING]: "serving",
  [ServerHealth.SERVER_HEALTH_NOT_SERVING]: "not serving",
  [ServerHealth.SERVER_HEALTH_UNREACHABLE]: "unreachable",
  [ServerHealth.UNRECOGNIZED]: "unknown",
};

/** Servers of a gateway, all pages. */
export async function listServers({ gateway }: Gateway, signal: AbortSignal): Promise<Server[]> {
  const servers: Server[] = [];
  let pageToken = "";
  do {
    const page = await gateway.listServers({ pageSize: 1000, pageToken }, { signal });
    servers.push(...page.servers);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return servers;
}

/** A server as results show it. */
export function describeServer(server: Server) {
  return {
    name: server.name,
    health: health[server.health],
    services: server.services.map((service) => service.replace(/^.*\./, "")),
    tls: server.tls,
    roundTripMs: server.roundTrip ? toMilliseconds(server.roundTrip) : null,
    inFlight: server.inFlight,
    ...(server.error && { error: server.error.message }),
  };
}

export const servers = {
  usage: "servers",
  description: "The servers that the gateway knows, with their health.",
  example: "tandem servers --json",
  async action(context: Context) {
    await using gateway = await Gateway.open(context);
    const found = (await listServers(gateway, context.signal)).map(describeServer);
    context.output.results(
      found,
      {
        server: (one) => one.name,
        health: (one) => (one.error ? `${one.health}: ${one.error}` : one.health),
        "round trip": (one) => (one.roundTripMs === null ? "-" : `${one.roundTripMs.toFixed(1)} ms`),
        "in flight": (one) => String(one.inFlight),
        services: (one) => one.services.join(", "),
      },
      "no servers: start a stack with tandem up, or name a gateway with --server",
    );
  },
};
