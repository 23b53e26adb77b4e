/** @file Model servers that die or freeze: real processes, real signals. */
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { ServerHealth } from "@tandem/contracts";
import { ServiceProcess, until } from "@tandem/rpc/testing";
import type { TestModel } from "../testing/gaussian-models.js";
import { type SpecParts, startGateway } from "../testing/start-gateway.js";
import { type StartedPeer, startPeer } from "../testing/start-peer.js";

const net: TestModel = { name: "models/net", spread: 0.5 };
const gnet: TestModel = { name: "models/gnet", spread: 0.8, delayMs: 5 };
const spec: SpecParts = {
  seeds: [{ first: 0n, last: 3n }],
  sampling: {
    model: "servers/main/models/net",
    guidance: [{ model: "servers/guide/models/gnet", weight: 2 }],
    schedule: { numSteps: 40 },
  },
};

async function startProcess(models: readonly TestModel[], listen = "127.0.0.1:0") {
  const file = new URL("../testing/peer-process.js", import.meta.url).pathname;
  const started = ServiceProcess.spawn(file, [JSON.stringify(models), listen]);
  return {
    process: started,
    address: await started.listening(),
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

let main: StartedPeer;
beforeAll(async () => {
  main = await startPeer([net]);
});
afterAll(() => main.served.close());

/** Runs a generation and calls back once, when it is well under way. */
async function during(gateway: Awaited<ReturnType<typeof startGateway>>, act: () => void) {
  let isDone = false;
  const images: Uint8Array[] = [];
  for await (const { event } of gateway.gateway.generate({ spec: spec })) {
    if (event?.$case === "image") images.push(event.value.data);
    if (event?.$case !== "progress" || isDone) continue;
    isDone = true;
    act();
  }
  return images;
}

describe("a server killed in the middle of a generation", () => {
  it("is replaced by its stand-in: the images are the same", async () => {
    await using guide = await startProcess([gnet]);
    await using spare = await startProcess([gnet]);
    await using gateway = await startGateway({ main: main.address, guide: guide.address, spare: spare.address });
    const right = await during(gateway, () => {});
    const images = await during(gateway, () => guide.process.kill("SIGKILL"));
    expect(images.map((image) => Buffer.from(image)).sort(Buffer.compare)).toEqual(
      right.map((image) => Buffer.from(image)).sort(Buffer.compare),
    );
  });

  it("ends it at once, named, without a stand-in; and is found again when it returns", async () => {
    await using guide = await startProcess([gnet]);
    await using gateway = await startGateway({ main: main.address, guide: guide.address });
    let killedAt = 0;
    const run = during(gateway, () => {
      killedAt = performance.now();
      guide.process.kill("SIGKILL");
    });
    await expect(run).rejects.toMatchObject({
      reason: "SERVER_UNAVAILABLE",
      message: expect.stringContaining("guide"),
    });
    expect(performance.now() - killedAt).toBeLessThan(5_000);
    await until(
      "it is known to be gone",
      async () => (await health(gateway)) === ServerHealth.SERVER_HEALTH_UNREACHABLE,
    );
    await using _again = await startProcess([gnet], guide.address);
    await until("it is known to be back", async () => (await health(gateway)) === ServerHealth.SERVER_HEALTH_SERVING);
    expect(await during(gateway, () => {})).toHaveLength(4);
  });
});

describe("a frozen server", () => {
  it("is noticed by its silence, named, and used again when it goes on", async () => {
    await using guide = await startProcess([gnet]);
    const deadlines = { probeIntervalMs: 200, probeTimeoutMs: 1_000 };
    await using gateway = await startGateway({ main: main.address, guide: guide.address }, { deadlines });
    let frozenAt = 0;
    const run = during(gateway, () => {
      frozenAt = performance.now();
      guide.process.kill("SIGSTOP");
    });
    await expect(run).rejects.toMatchObject({
      reason: "SERVER_UNAVAILABLE",
      message: expect.stringContaining("guide"),
      details: { metadata: { server: expect.stringContaining("guide") } },
    });
    expect(performance.now() - frozenAt).toBeLessThan(10_000);
    guide.process.kill("SIGCONT");
    await until("it is known to be back", async () => (await health(gateway)) === ServerHealth.SERVER_HEALTH_SERVING);
    expect(await during(gateway, () => {})).toHaveLength(4);
  });

  it("is replaced by its stand-in", async () => {
    await using guide = await startProcess([gnet]);
    await using spare = await startProcess([gnet]);
    const servers = { main: main.address, guide: guide.address, spare: spare.address };
    const deadlines = { probeIntervalMs: 200, probeTimeoutMs: 1_000 };
    await using gateway = await startGateway(servers, { deadlines });
    expect(await during(gateway, () => guide.process.kill("SIGSTOP"))).toHaveLength(4);
  });
});

async function health(gateway: Awaited<ReturnType<typeof startGateway>>): Promise<ServerHealth | undefined> {
  const { servers } = await gateway.gateway.listServers({});
  return servers.find(({ name }) => name === "servers/guide")?.health;
}
