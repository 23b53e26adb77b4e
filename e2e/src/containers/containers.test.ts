/**
 * The services as a platform team runs them: each in a container, tokens between them, a network that can be cut. A gateway
 * that only ever met its servers on loopback would hide every assumption about addresses, files and start order.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { GatewayServiceDefinition, ServerHealth } from "@tandem/contracts";
import { connect, createClient } from "@tandem/rpc";
import { until } from "@tandem/rpc/testing";
import { GenericContainer, Network, type StartedNetwork, type StartedTestContainer, Wait } from "testcontainers";
import { digitsFiles, guidedSpec } from "../digits.js";
import { describeWith, runs } from "../require.js";

process.env.TESTCONTAINERS_RYUK_DISABLED = "true"; // the reaper's image cannot be had everywhere; containers are stopped below
const root = fileURLToPath(new URL("../../..", import.meta.url));
const token = "a-token-of-this-test-only";
const steps = 4;

describeWith("Docker", runs("docker", "info"), "services in containers", () => {
  let network: StartedNetwork;
  let gnet: StartedTestContainer;
  let gateway: StartedTestContainer;
  const started: StartedTestContainer[] = [];

  const container = async (alias: string, image: GenericContainer, command: string[]) => {
    const running = await image
      .withNetwork(network)
      .withNetworkAliases(alias)
      .withCommand(command)
      .withWaitStrategy(Wait.forLogMessage(/"listening"/))
      .withStartupTimeout(60_000)
      .start();
    started.push(running);
    return running;
  };

  beforeAll(async () => {
    const image = await GenericContainer.fromDockerfile(root, "infra/docker/Dockerfile").build("tandem-test", {
      deleteOnExit: false,
    });
    network = await new Network().start();
    const sampler = (name: keyof typeof digitsFiles) => {
      const holds = [{ source: digitsFiles[name], target: `/models/${name}.pkl` }];
      const listen = ["--listen", "0.0.0.0:50051", "--insecure", "--token", token];
      const command = ["services/sampler/dist/main.js", ...listen, "--model", `${name}=/models/${name}.pkl`];
      return container(name, new GenericContainer("tandem-test").withCopyFilesToContainer(holds), command);
    };
    expect(image).toBeDefined();
    [, gnet] = await Promise.all([sampler("net"), sampler("gnet")]);
    const config = {
      listen: "0.0.0.0:8080",
      insecure: true,
      tokens: [token],
      servers: ["net", "gnet"].map((name) => ({ name, address: `${name}:50051`, token, insecure: true })),
    };
    // JSON is YAML.
    const holds = [{ content: JSON.stringify(config), target: "/etc/tandem.yaml" }];
    const base = new GenericContainer("tandem-test").withCopyContentToContainer(holds).withExposedPorts(8080);
    gateway = await container("gateway", base, ["gateway/api/dist/main.js", "--config", "/etc/tandem.yaml"]);
  }, 300_000);

  afterAll(async () => {
    await Promise.all(started.map((running) => running.stop({ timeout: 5_000 })));
    await network?.stop();
  }, 60_000);

  const client = () => {
    const channel = connect(`${gateway.getHost()}:${gateway.getMappedPort(8080)}`, {
      name: "gateway",
      token,
      insecure: true,
    });
    return { channel, calls: createClient(GatewayServiceDefinition, channel) };
  };

  const generate = async () => {
    const { channel, calls } = client();
    const images: Uint8Array[] = [];
    try {
      const spec = { ...guidedSpec("servers/net/models/net", "servers/gnet/models/gnet", 4, steps), batchSize: 1 };
      for await (const { event } of calls.generate({ spec }))
        if (event?.$case === "image") images.push(event.value.data);
      return images;
    } finally {
      channel.close();
    }
  };

  const health = async (server: string) => {
    const { channel, calls } = client();
    const { servers } = await calls.listServers({}).finally(() => channel.close());
    return servers.find(({ name }) => name === `servers/${server}`)?.health;
  };

  it("makes guided images across two model servers", async () => {
    const images = await generate();
    expect(images).toHaveLength(4);
    for (const image of images) expect(Buffer.from(image.subarray(1, 4)).toString()).toBe("PNG");
  });

  it("refuses a client without the token before any work", async () => {
    using channel = connect(`${gateway.getHost()}:${gateway.getMappedPort(8080)}`, { name: "gateway" });
    const call = createClient(GatewayServiceDefinition, channel).listServers({});
    await expect(call).rejects.toMatchObject({ reason: "TOKEN_REFUSED" });
  });

  /** A cut cable gives no error by itself: only silence. */
  it("names the server whose network was cut, and uses it again when it is back", async () => {
    const cut = (verb: "disconnect" | "connect") =>
      runs(
        "docker",
        "network",
        verb,
        ...(verb === "connect" ? ["--alias", "gnet"] : []),
        network.getName(),
        gnet.getId(),
      );
    expect(cut("disconnect")).toBe(true);
    await expect(generate()).rejects.toMatchObject({
      reason: "SERVER_UNAVAILABLE",
      message: expect.stringContaining("gnet"),
    });
    expect(cut("connect")).toBe(true);
    await until("gnet serves again", async () => (await health("gnet")) === ServerHealth.SERVER_HEALTH_SERVING, 60_000);
    expect(await generate()).toHaveLength(4);
  }, 180_000);

  it("stops gracefully: exit code 0 after SIGTERM", async () => {
    const id = gnet.getId();
    await gnet.stop({ timeout: 10_000, remove: false });
    const { stdout } = spawnSync("docker", ["inspect", "--format", "{{.State.ExitCode}}", id], { encoding: "utf8" });
    expect(stdout.trim()).toBe("0");
  });
});
