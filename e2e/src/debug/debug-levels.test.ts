/** TANDEM_DEBUG is what people turn on when an image is wrong and nobody knows which process made it so: every level adds its facts. */
import { afterEach, describe, expect, it } from "@jest/globals";
import { Placement } from "@tandem/contracts";
import { until } from "@tandem/rpc/testing";
import { generate } from "../client.js";
import { digitsFiles, guidedSpec } from "../digits.js";
import { type ServiceProcess, Stack } from "../stack.js";

afterEach(() => {
  delete process.env.TANDEM_DEBUG;
});

const linesOf = ({ lastLog }: ServiceProcess) =>
  lastLog.split("\n").flatMap((line): Record<string, unknown>[] => (line ? [JSON.parse(line)] : []));

/** Log lines by their message, of the gateway and of the main network's server, after one image in two Heun steps. */
async function logs(level: number) {
  process.env.TANDEM_DEBUG = String(level);
  await using stack = await Stack.start({ net: { net: digitsFiles.net }, gnet: { gnet: digitsFiles.gnet } });
  const spec = guidedSpec("servers/net/models/net", "servers/gnet/models/gnet", 1, 2);
  await generate(stack.gateway.address, { ...spec, placement: Placement.PLACEMENT_PER_STEP });
  const processes = [stack.gateway, stack.server("net")];
  const hasCall = (process: ServiceProcess) => linesOf(process).some(({ msg }) => msg === "call");
  await until("calls are logged", () => processes.every(hasCall), 5_000);
  const [gateway, net] = processes.map((process) => Object.groupBy(linesOf(process), ({ msg }) => String(msg)));
  return { gateway: gateway!, net: net! };
}

describe("TANDEM_DEBUG", () => {
  it("1 shows calls alone", async () => {
    const { gateway, net } = await logs(1);
    expect(gateway.call).toContainEqual(expect.objectContaining({ method: "/tandem.v1.GatewayService/Generate" }));
    expect(net.call).toContainEqual(expect.objectContaining({ method: "/tandem.v1.DenoiserService/DenoiseStream" }));
    for (const process of [gateway, net])
      for (const message of ["step", "evaluation", "nodes"]) expect(process[message]).toBeUndefined();
  });

  it("4 shows steps with sigma, weight and server, nodes and provider, and statistics of tensors", async () => {
    const { gateway, net } = await logs(4);
    expect(gateway.step?.map(({ step }) => step)).toEqual([1, 2]);
    expect(gateway.step?.[0]).toMatchObject({
      sigma: expect.closeTo(80, 3),
      models: [
        { model: "servers/net/models/net", weight: 1, servers: ["net"] },
        { model: "servers/gnet/models/gnet", weight: 2, servers: ["gnet"] },
      ],
    });
    expect(gateway.evaluation?.filter(({ server }) => server === "net")).toHaveLength(3); // two steps of Heun
    expect(net.nodes?.[0]).toMatchObject({ model: "models/net", nodes: { conv: expect.any(Number) } });
    expect(net.evaluation).toHaveLength(3);
    expect(net.evaluation?.[0]).toMatchObject({
      sigma: expect.closeTo(80, 3),
      outputs: { denoised: { notFinite: 0 } },
    });
  });
});
