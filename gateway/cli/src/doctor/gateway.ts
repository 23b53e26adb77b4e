/** @file The gateway that commands would talk to, and the servers behind it. */

import { describeServer, listServers } from "../commands/servers.js";
import type { Context } from "../context.js";
import { errorLine } from "../error-line.js";
import { Gateway } from "../gateway.js";
import { runningStack } from "../stack/state.js";
import type { Finding } from "./finding.js";

export async function checkGateway(context: Context): Promise<Finding[]> {
  const named = context.options.server ?? (context.env.TANDEM_SERVER || undefined);
  const running = await runningStack(context.home);
  const address = named ?? running?.gateway?.address;
  if (address === undefined)
    return [
      {
        subject: "gateway",
        verdict: "note",
        text: "none named, none running: commands start what they need",
        fix: "tandem up --detach keeps one running",
      },
    ];
  try {
    await using gateway = await Gateway.open(context);
    const servers = (await listServers(gateway, context.signal)).map(describeServer);
    const findings = servers.map((server): Finding => {
      const isServing = server.health === "serving";
      const text = isServing
        ? `serving, ${server.roundTripMs?.toFixed(1) ?? "?"} ms away`
        : `${server.health}${server.error ? `: ${server.error}` : ""}`;
      return {
        subject: server.name,
        verdict: isServing ? "good" : "bad",
        text,
        ...(!isServing && { fix: "start it, or take it out of the gateway's configuration" }),
      };
    });
    return [{ subject: "gateway", verdict: "good", text: `answers at ${gateway.address}` }, ...findings];
  } catch (error) {
    if (context.signal.aborted) throw error;
    return [
      {
        subject: "gateway",
        verdict: "bad",
        text: errorLine(error),
        fix: "check the address and TANDEM_TOKEN, or start one with tandem up",
      },
    ];
  }
}
