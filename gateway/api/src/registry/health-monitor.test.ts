/** @file Health as servers of all kinds tell it. */
import { describe, expect, it } from "@jest/globals";
import { DomainError } from "@tandem/errors";
import { connect } from "@tandem/rpc";
import { until } from "@tandem/rpc/testing";
import { createServer, ServerError, Status } from "nice-grpc";
import { HealthDefinition } from "nice-grpc-server-health";
import { parseConfig } from "../config.js";
import { HealthMonitor } from "./health-monitor.js";

const { deadlines } = parseConfig({ deadlines: { probeIntervalMs: 20, probeTimeoutMs: 300 } }, ".", "test");

/** A health service as a test wants it; a real server, so that its absence is what the wire says. */
async function healthServer(check: () => Promise<{ status: number }>) {
  const server = createServer();
  server.add(HealthDefinition, {
    check,
    // biome-ignore lint/correctness/useYield: a Watch that is not there ends before its first message.
    watch: async function* () {
      throw new ServerError(Status.UNIMPLEMENTED, "no Watch");
    },
  });
  const port = await server.listen("127.0.0.1:0");
  return { address: `127.0.0.1:${port}`, [Symbol.asyncDispose]: async () => server.forceShutdown() };
}

function monitor(address: string) {
  const channel = connect(address, { name: "peer" });
  const changes: [string, DomainError | undefined][] = [];
  const health = new HealthMonitor("peer", channel, deadlines, {
    seen: () => {},
    changed: (...change) => changes.push(change),
  });
  health.start();
  const stop = () => {
    health.stop();
    channel.close();
  };
  return { changes, stop, [Symbol.dispose]: stop };
}

describe("the health of a server without Watch", () => {
  it("is what Check says", async () => {
    let status = 1;
    await using server = await healthServer(async () => ({ status }));
    using watched = monitor(server.address);
    await until("it serves", () => watched.changes.at(-1)?.[0] === "serving");
    status = 2;
    await until("it does not serve", () => watched.changes.at(-1)?.[0] === "not serving");
  });

  it("is unreachable when Check stays unanswered, and says so", async () => {
    let answers = true;
    await using server = await healthServer(() => (answers ? Promise.resolve({ status: 1 }) : new Promise(() => {})));
    using watched = monitor(server.address);
    await until("it serves", () => watched.changes.at(-1)?.[0] === "serving");
    answers = false;
    await until("it is lost", () => watched.changes.at(-1)?.[0] === "unreachable");
    expect(watched.changes.at(-1)![1]).toMatchObject({
      reason: "SERVER_UNAVAILABLE",
      message: "peer did not answer a health check for 0.3 s",
    });
    answers = true;
    await until("it is back", () => watched.changes.at(-1)?.[0] === "serving");
  });
});
