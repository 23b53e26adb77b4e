/** Whatever ends a call early - cancel, deadline, a reader that leaves - reaches its handler, and nothing is left behind. */
import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { DenoiserServiceDefinition, type DenoiseStreamRequest } from "@tandem/contracts";
import { type Channel, type Client, connect, createClient } from "./index.js";
import { EchoService, type Served, serve, until } from "./testing.js";

let server: Served;
let echo: EchoService;
let channel: Channel;
let client: Client<typeof DenoiserServiceDefinition>;

beforeEach(async () => {
  server = await serve([EchoService]);
  echo = server.application.get(EchoService);
  channel = connect(server.address, { name: "servers/net" });
  client = createClient(DenoiserServiceDefinition, channel);
  await client.denoise({}); // connected, so that times below are those of calls
  echo.ended.length = 0;
  echo.calls = 0;
  echo.last = undefined;
});
afterEach(async () => {
  channel.close();
  await server.close();
});

const caught = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );
const open = (model: string) => ({ message: { $case: "open" as const, value: { model } } });
const step = { message: { $case: "step" as const, value: { x: new Uint8Array(8), sigma: [1] } } };

/** Requests that never end by themselves. */
async function* endless(model: string): AsyncGenerator<Parameters<typeof DenoiseStreamRequest.fromPartial>[0]> {
  yield open(model);
  await new Promise(() => {});
}
async function drain(responses: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of responses) count++;
  return count;
}

describe("a cancelled call", () => {
  it("rejects with the signal's reason and aborts the handler with an AbortError", async () => {
    const controller = new AbortController();
    const failed = caught(client.denoise({ model: "hang" }, { signal: controller.signal }));
    await until("running", () => echo.running === 1);
    controller.abort();
    expect(await failed).toBe(controller.signal.reason);
    await until("ended", () => echo.running === 0);
    expect(echo.ended).toEqual(["AbortError"]);
  });

  it("is not even sent when its signal has aborted before", async () => {
    const reason = new Error("no longer wanted");
    expect(await caught(client.denoise({}, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(echo.calls).toBe(0);
  });

  it("ends a stream whose handler waits for the next message", async () => {
    const controller = new AbortController();
    const failed = caught(drain(client.denoiseStream(endless("echo"), { signal: controller.signal })));
    await until("running", () => echo.running === 1);
    controller.abort();
    expect(await failed).toMatchObject({ name: "AbortError" });
    await until("ended", () => echo.running === 0);
    expect(echo.ended).toEqual(["AbortError"]);
  });

  it("ends a stream when its reader leaves", async () => {
    for await (const _ of client.denoiseStream(endless("echo"))) break;
    await until("ended", () => echo.running === 0);
    expect(echo.last?.signal.aborted).toBe(true);
  });

  it("never looks like a complete upload", async () => {
    for (let i = 0; i < 50; i++) {
      const controller = new AbortController();
      async function* requests() {
        yield open("echo");
        yield step;
        controller.abort();
      }
      await caught(drain(client.denoiseStream(requests(), { signal: controller.signal })));
    }
    await until("ended", () => echo.running === 0);
    expect(echo.ended).not.toContain("complete");
  });
});

it("a connection that breaks ends its handlers", async () => {
  const [host, port] = server.address.split(":");
  const sockets: Socket[] = [];
  const wire = createServer((socket) => {
    const onward = createConnection(Number(port), host);
    sockets.push(socket, onward);
    socket
      .on("error", () => {})
      .pipe(onward.on("error", () => {}))
      .pipe(socket);
  }).listen(0, "127.0.0.1");
  await once(wire, "listening");
  using other = connect(`127.0.0.1:${(wire.address() as AddressInfo).port}`);
  const failed = caught(drain(createClient(DenoiserServiceDefinition, other).denoiseStream(endless("hang"))));
  await until("running", () => echo.running === 1);
  wire.close();
  for (const socket of sockets) socket.destroy();
  expect(await failed).toMatchObject({ reason: "SERVER_UNAVAILABLE" });
  await until("ended", () => echo.running === 0);
  expect(echo.ended).toEqual(["AbortError"]);
});

describe("a deadline", () => {
  it("rejects with a TimeoutError that names the server", async () => {
    const error = await caught(client.denoise({ model: "hang" }, { deadline: 300 }));
    expect(error).toMatchObject({ name: "TimeoutError" });
    expect((error as Error).message).toContain("servers/net");
  });

  it("is seen by the handler, whose signal aborts with a TimeoutError", async () => {
    const before = Date.now();
    await caught(client.denoise({ model: "hang" }, { deadline: 300 }));
    await until("ended", () => echo.ended.length === 1);
    expect(echo.last?.deadline?.getTime()).toBeGreaterThanOrEqual(before + 300);
    expect(echo.last?.deadline?.getTime()).toBeLessThan(before + 5000);
    expect(echo.ended).toEqual(["TimeoutError"]);
  });

  it("ends streams as well", async () => {
    const error = await caught(drain(client.denoiseStream(endless("echo"), { deadline: 300 })));
    expect(error).toMatchObject({ name: "TimeoutError" });
    await until("ended", () => echo.ended.length === 1);
    expect(echo.last?.signal.reason).toMatchObject({ name: "TimeoutError" });
  });

  it("of more than a timer can wait is refused", async () => {
    expect(await caught(client.denoise({}, { deadline: 2 ** 31 }))).toMatchObject({ reason: "FIELD_INVALID" });
  });
});

it("1000 cancelled calls leave no handler, no count and no memory behind", async () => {
  const round = async (calls: number) => {
    for (let i = 0; i < calls; i += 50) {
      const controller = new AbortController();
      const { signal } = controller;
      const failed = Array.from({ length: 50 }, (_, k) =>
        caught(
          k % 2
            ? client.denoise({ model: "hang" }, { signal })
            : drain(client.denoiseStream(endless("hang"), { signal })),
        ),
      );
      await until("all running", () => echo.running === 50);
      controller.abort();
      for (const error of await Promise.all(failed)) expect(error).toMatchObject({ name: "AbortError" });
      await until("all ended", () => echo.running === 0 && server.server.activeCalls === 0);
    }
  };
  await round(200); // what is allocated once: connection, compiled code
  const used = () => {
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  };
  const before = used();
  await round(1000);
  expect(server.server.activeCalls).toBe(0);
  if (globalThis.gc) expect(used() - before).toBeLessThan(2_000_000);
  expect(await client.denoise({ x: { data: new Uint8Array(4) } })).toMatchObject({
    denoised: { data: Buffer.alloc(4) },
  });
});
