/** @file `tandem status`: what of the stack runs, and where. */
import { DomainError } from "@tandem/errors";
import type { Context } from "../context.js";
import { Gateway } from "../gateway.js";
import { processBegan, runningStack } from "../stack/state.js";
import { describeServer, listServers } from "./servers.js";

export const status = {
  usage: "status",
  description: "The stack that runs here: its services, their addresses and health. Exit code 5 when there is none.",
  example: "tandem status",
  async action(context: Context) {
    const stack = await runningStack(context.home);
    if (!stack) throw new DomainError("SERVER_UNAVAILABLE", "no stack runs; start one with tandem up");
    const health = new Map<string, string>();
    if (stack.gateway) {
      await using gateway = await Gateway.open({
        ...context,
        options: { ...context.options, server: stack.gateway.address },
      });
      for (const server of await listServers(gateway, context.signal)) {
        const { name, health: words } = describeServer(server);
        health.set(name.replace(/^servers\//, ""), words);
      }
      health.set("gateway", "serving");
    }
    const members = [...(stack.gateway ? [stack.gateway] : []), ...stack.servers];
    context.output.results(
      members.map(({ name, pid, address }) => ({
        name,
        address,
        pid: pid ?? null,
        health: pid !== undefined && processBegan(pid) === undefined ? "ended" : (health.get(name) ?? "unknown"),
        started: stack.started,
      })),
      {
        service: (one) => one.name,
        address: (one) => one.address,
        process: (one) => (one.pid === null ? "external" : String(one.pid)),
        health: (one) => one.health,
      },
      "",
    );
  },
};
