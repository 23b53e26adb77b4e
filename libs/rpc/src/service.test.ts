/** A service process as its operator sees it: start, ready, stop, crash; and as its clients see it when it dies or freezes. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "@jest/globals";
import { DenoiserServiceDefinition } from "@tandem/contracts";
import { HealthDefinition } from "nice-grpc-server-health";
import { type ConnectOptions, connect, createClient } from "./index.js";
import { ServiceProcess } from "./testing.js";

const main = fileURLToPath(new URL("./testing/echo-main.js", import.meta.url));
const start = (args: string[] = [], env: Record<string, string> = {}) => ServiceProcess.spawn(main, args, env);
const step = { message: { $case: "step" as const, value: { x: new Uint8Array(8), sigma: [1] } } };
const logLines = (service: ServiceProcess) =>
  service.stderr
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** A stream whose requests the test sends by hand. */
function openStream(address: string, options: ConnectOptions = {}) {
  const channel = connect(address, { name: "servers/gnet", ...options });
  const sent: (() => void)[] = [];
  let finished = false;
  async function* requests() {
    while (!finished) {
      await new Promise<void>((resolve) => sent.push(resolve));
      if (!finished) yield step;
    }
  }
  const responses = createClient(DenoiserServiceDefinition, channel).denoiseStream(requests())[Symbol.asyncIterator]();
  return {
    channel,
    async next() {
      const answer = responses.next();
      while (sent.length === 0) await new Promise(setImmediate);
      sent.shift()!();
      return await answer;
    },
    async finish() {
      finished = true;
      const end = responses.next();
      while (sent.length === 0) await new Promise(setImmediate);
      sent.shift()!();
      return await end;
    },
    waiting: () => responses.next(),
  };
}

describe("a service process", () => {
  it("says on stdout where it listens, and nothing else", async () => {
    await using service = start();
    const address = await service.listening();
    using channel = connect(address);
    const answer = await createClient(DenoiserServiceDefinition, channel).denoise({ x: { data: new Uint8Array(3) } });
    expect(answer.denoised?.data.length).toBe(3);
    service.kill("SIGTERM");
    expect(await service.exited).toEqual([0, null]);
    expect(service.stdout).toBe(`{"listening":"${address}"}\n`);
  });

  it.each(["SIGTERM", "SIGINT"] as const)(
    "on %s finishes the calls in progress, tells NOT_SERVING, exits 0",
    async (signal) => {
      await using service = start();
      const stream = openStream(await service.listening());
      expect((await stream.next()).done).toBe(false);
      const seen: number[] = [];
      const watch = (async () => {
        const health = createClient(HealthDefinition, stream.channel);
        for await (const { status } of health.watch({ service: "tandem.v1.DenoiserService" })) {
          seen.push(status);
          if (seen.length === 1) service.kill(signal);
        }
      })().catch(() => undefined);
      await watch;
      expect(seen).toEqual([1, 2]);
      expect((await stream.next()).done).toBe(false); // still served, after the drain began
      expect((await stream.finish()).done).toBe(true);
      expect(await service.exited).toEqual([0, null]);
      stream.channel.close();
    },
  );

  it("cuts calls that outlast the grace period, and exits 0 all the same", async () => {
    await using service = start(["127.0.0.1:0", "200"]);
    const stream = openStream(await service.listening());
    await stream.next();
    const cut = stream.waiting();
    service.kill("SIGTERM");
    await expect(cut).rejects.toMatchObject({ reason: "SERVER_UNAVAILABLE" });
    expect(await service.exited).toEqual([0, null]);
    stream.channel.close();
  });

  it("exits 1 at once when it is stopped a second time", async () => {
    await using service = start(["127.0.0.1:0", "60000"]);
    const stream = openStream(await service.listening());
    await stream.next();
    const cut = stream.waiting().catch((error: unknown) => error);
    service.kill("SIGTERM");
    while (!service.stderr.includes("stopping")) await new Promise((resolve) => setTimeout(resolve, 5));
    service.kill("SIGTERM");
    expect(await service.exited).toEqual([1, null]);
    expect(await cut).toMatchObject({ reason: "SERVER_UNAVAILABLE" });
    stream.channel.close();
  });

  it("stops when its parent's end of stdin closes, if asked to", async () => {
    await using service = start([], { TANDEM_STOP_WITH_PARENT: "1" });
    await service.listening();
    service.process.stdin.end();
    expect(await service.exited).toEqual([0, null]);
  });

  it("logs an exception that nobody caught, and exits 1", async () => {
    await using service = start(["127.0.0.1:0", "1000", "crash"]);
    expect(await service.exited).toEqual([1, null]);
    expect(service.stderr).toContain("a bug outside of any call");
  });

  it("that cannot start says why in one line, and exits 1", async () => {
    await using service = start(["0.0.0.0:0"]);
    expect(await service.exited).toEqual([1, null]);
    expect(service.stdout).toBe("");
    const lines = logLines(service);
    expect(lines).toHaveLength(1);
    expect(lines[0]?.msg).toContain("token");
  });

  it("whose port is taken says so", async () => {
    await using first = start();
    const address = await first.listening();
    await using second = start([address]);
    expect(await second.exited).toEqual([1, null]);
    expect(logLines(second)[0]?.msg).toContain(address);
  });

  it("logs each call with its request id at TANDEM_DEBUG=1, and none by default", async () => {
    await using service = start([], { TANDEM_DEBUG: "1" });
    using channel = connect(await service.listening());
    await createClient(DenoiserServiceDefinition, channel).denoise({});
    service.kill("SIGTERM");
    await service.exited;
    const call = logLines(service).find((line) => line.msg === "call");
    expect(call).toMatchObject({ method: "/tandem.v1.DenoiserService/Denoise", code: "OK", queue: 2, compute: 3 });
    expect(call?.requestId).toMatch(/^[\w-]{36}$/);
  });
});

it("a process sends its spans by OTLP when the standard variables ask for it", async () => {
  const bodies: string[] = [];
  const collector = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    bodies.push(`${request.url} ${body}`);
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  }).listen(0, "127.0.0.1");
  await once(collector, "listening");
  const { port } = collector.address() as AddressInfo;
  {
    await using service = start([], { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` });
    using channel = connect(await service.listening());
    await createClient(DenoiserServiceDefinition, channel).denoise({});
    service.kill("SIGTERM");
    expect(await service.exited).toEqual([0, null]);
  }
  collector.close();
  expect(bodies.join()).toContain("/v1/traces");
  for (const part of ["tandem.v1.DenoiserService", "tandem.compute_ms", '"echo"'])
    expect(bodies.join()).toContain(part);
});

describe("a client of a server", () => {
  it("that is killed in the middle of a stream gets SERVER_UNAVAILABLE at once", async () => {
    await using service = start();
    const stream = openStream(await service.listening());
    await stream.next();
    const lost = stream.waiting();
    const since = Date.now();
    service.kill("SIGKILL");
    await expect(lost).rejects.toMatchObject({
      reason: "SERVER_UNAVAILABLE",
      message: expect.stringContaining("servers/gnet"),
    });
    expect(Date.now() - since).toBeLessThan(5_000);
    stream.channel.close();
  });

  it("that freezes notices it by unanswered pings, and finds it again when it goes on", async () => {
    await using service = start();
    const stream = openStream(await service.listening(), {
      keepaliveMs: 300,
      keepaliveTimeoutMs: 700,
      connectTimeoutMs: 1_000,
    });
    await stream.next();
    const lost = stream.waiting();
    const since = Date.now();
    service.kill("SIGSTOP");
    await expect(lost).rejects.toMatchObject({
      reason: "SERVER_UNAVAILABLE",
      message: expect.stringContaining("servers/gnet"),
    });
    expect(Date.now() - since).toBeLessThan(8_000);
    const client = createClient(DenoiserServiceDefinition, stream.channel);
    await expect(client.denoise({}, { retry: false })).rejects.toMatchObject({ reason: "SERVER_UNAVAILABLE" });
    service.kill("SIGCONT");
    const end = Date.now() + 15_000;
    let answered = false;
    while (!answered && Date.now() < end)
      answered = await client.denoise({}).then(
        () => true,
        () => new Promise<boolean>((resolve) => setTimeout(resolve, 50, false)),
      );
    expect(answered).toBe(true);
    stream.channel.close();
  });
});
