import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "@jest/globals";
import { Workspace } from "../testing/run-tandem.js";
import { readStackConfig } from "./config.js";
import { defaultStackFile } from "./serve.js";

async function read(yaml: string) {
  await using place = await Workspace.make();
  await writeFile(place.path("stack.yaml"), yaml);
  return { folder: place.folder, config: await readStackConfig(place.path("stack.yaml")) };
}

describe("a stack file", () => {
  it("holds samplers with models beside the file, and external servers", async () => {
    const { folder, config } = await read(`
listen: 127.0.0.1:9000
servers:
  - { name: a, kind: sampler, models: { net: nets/a.pkl, far: "https://example.org/b.pkl" }, cpus: 0-1, threads: 2 }
  - { name: b, address: "host.example:50051", token: secret }
`);
    expect(config).toEqual({
      listen: "127.0.0.1:9000",
      servers: [
        {
          name: "a",
          kind: "sampler",
          models: { net: `${folder}/nets/a.pkl`, far: "https://example.org/b.pkl" },
          cpus: "0-1",
          threads: 2,
          listen: "127.0.0.1:0",
        },
        { name: "b", address: "host.example:50051", token: "secret" },
      ],
    });
  });

  it("ships for the demo", async () => {
    const { servers } = await readStackConfig(defaultStackFile);
    expect(servers.map(({ name }) => name)).toEqual(["net", "gnet", "trainer", "ema", "datasets", "metrics"]);
  });

  it.each([
    ["servers: []", "servers"],
    ["listen: nowhere\nservers: [{name: a, kind: sampler}]", "listen"],
    ["servers: [{name: A, kind: sampler}]", "servers[0].name"],
    ["servers: [{name: a, kind: sampler, threads: 0}]", "servers[0].threads"],
    ["servers: [{name: a, kind: sampler, device: gpu}]", "servers[0].device"],
    ["servers: [{name: a, kind: sampler, cpus: all}]", "servers[0].cpus"],
    ["servers: [{name: a, kind: baker}]", "servers[0]"],
    ["servers: [{name: a, address: 'h:1'}, {name: a, address: 'h:2'}]", "names must differ"],
    ["server: []", "servers"],
    ["{", "stack.yaml"],
  ])("is refused with the field's name: %s", async (yaml, named) => {
    await expect(read(yaml)).rejects.toMatchObject({
      reason: "FIELD_INVALID",
      message: expect.stringContaining(named),
    });
  });
});
