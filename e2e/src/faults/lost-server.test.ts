/**
 * A server that dies says so; one that freezes says nothing at all. Either way the person who waits must be told which server
 * it was, soon, and the gateway must go on as before once it is back.
 */
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { GatewayServiceDefinition, ServerHealth } from "@tandem/contracts";
import { connect, createClient } from "@tandem/rpc";
import { until } from "@tandem/rpc/testing";
import { generate } from "../client.js";
import { digitsFiles, guidedSpec } from "../digits.js";
import { ServiceProcess, Stack } from "../stack.js";

const spec = () => guidedSpec("servers/a/models/net", "servers/b/models/gnet", 8, 32);
/** Pings notice a frozen server in 6 s and an unanswered health question in 5 s: see the README of gateway/api. */
const NOTICED_MS = 10_000;

describe("a server lost in the middle, without a stand-in", () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await Stack.start({ a: { net: digitsFiles.net }, b: { gnet: digitsFiles.gnet } });
  });
  afterEach(() => stack[Symbol.asyncDispose]());

  const health = async () => {
    using channel = connect(stack.gateway.address, { name: "gateway" });
    const { servers } = await createClient(GatewayServiceDefinition, channel).listServers({});
    return servers.find(({ name }) => name === "servers/b")?.health;
  };
  const isBack = async () => (await health()) === ServerHealth.SERVER_HEALTH_SERVING;
  const oneImage = () => generate(stack.gateway.address, { ...spec(), seeds: [{ first: 0n, last: 0n }] });
  const worksAgain = () =>
    oneImage().then(
      ({ files }) => files.size === 1,
      () => false,
    );

  /** Starts a generation, waits for its first progress, harms server b, and tells how and when it ended. */
  const harmed = async (signal: NodeJS.Signals) => {
    const progress = Promise.withResolvers<void>();
    const running = generate(
      stack.gateway.address,
      { ...spec(), batchSize: 1 },
      { onEvent: ({ event }) => event?.$case === "image" && progress.resolve() },
    );
    const failure = running.then(
      () => undefined,
      (error: unknown) => error,
    );
    await progress.promise;
    const start = Date.now();
    stack.server("b").signal(signal);
    return { error: await failure, ms: Date.now() - start };
  };

  it("killed: Generate ends with SERVER_UNAVAILABLE naming it, and works again once it is replaced", async () => {
    const { address } = stack.server("b");
    const { error, ms } = await harmed("SIGKILL");
    expect(error).toMatchObject({ reason: "SERVER_UNAVAILABLE", message: expect.stringMatching(/\bb\b/) });
    expect(ms).toBeLessThan(NOTICED_MS);
    await using replacement = await ServiceProcess.start("sampler", [
      "--listen",
      address,
      "--model",
      `gnet=${digitsFiles.gnet}`,
    ]);
    await until("the gateway works with the replacement", worksAgain, 20_000);
    expect(replacement.address).toBe(address);
  }, 120_000);

  it("frozen: Generate ends with SERVER_UNAVAILABLE naming it, and works again once it thaws", async () => {
    const { error, ms } = await harmed("SIGSTOP");
    expect(error).toMatchObject({ reason: "SERVER_UNAVAILABLE", message: expect.stringMatching(/\bb\b/) });
    expect(ms).toBeLessThan(NOTICED_MS + 5_000);
    expect(await isBack()).toBe(false);
    stack.server("b").signal("SIGCONT");
    await until("the gateway works with the thawed server", worksAgain, 20_000);
  }, 120_000);
});
