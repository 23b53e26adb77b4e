/** @file The configuration file and the command line: what is wrong is said before anything starts. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { configOf } from "./command-line.js";
import { parseConfig, readConfig } from "./config.js";

async function file(text: string): Promise<{ path: string; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "gateway-"));
  await writeFile(join(folder, "gateway.yaml"), text);
  return { path: join(folder, "gateway.yaml"), folder };
}

describe("a configuration file", () => {
  it("is YAML or JSON, with defaults for what it leaves out, and paths against its folder", async () => {
    const { path, folder } = await file(`
listen: 127.0.0.1:0
servers:
  - {name: net, address: "127.0.0.1:50051", tls: {ca: certs/ca.pem, serverName: net.example}}
presets: [mine.yaml, /etc/presets.yaml]
limits: {maxImages: 100}
`);
    const config = await readConfig(path);
    expect(config.servers[0]!.tls).toEqual({ ca: join(folder, "certs/ca.pem"), serverName: "net.example" });
    expect(config.presets).toEqual([join(folder, "mine.yaml"), "/etc/presets.yaml"]);
    expect(config.limits).toEqual({ maxImages: 100, maxGenerations: 256 });
    expect(config.deadlines.stepFloorMs).toBe(10_000);
  });

  it.each([
    ["servers: {}", "servers"],
    ["servers: [{name: Net, address: 'a:1'}]", "servers.0.name"],
    ["servers: [{name: a, address: 'a:1'}, {name: a, address: 'b:1'}]", "servers.1.name"],
    ["limits: {maxImages: 10001}", "limits.maxImages"],
    ["limits: {maximages: 1}", "limits"],
    ["deadlines: {stepFloorMs: 0}", "deadlines.stepFloorMs"],
    ["lisen: 127.0.0.1:1", "lisen"],
  ])("is refused with file and field: %s", async (text, field) => {
    const { path } = await file(text);
    await expect(readConfig(path)).rejects.toMatchObject({
      reason: "FIELD_INVALID",
      message: expect.stringMatching(new RegExp(`gateway.yaml: .*${field}`)),
    });
  });

  it("is refused when it is no YAML or not there", async () => {
    const { path } = await file("servers: [");
    await expect(readConfig(path)).rejects.toMatchObject({ message: expect.stringContaining("is not YAML") });
    await expect(readConfig("/not/there.yaml")).rejects.toMatchObject({
      message: expect.stringContaining("/not/there.yaml"),
    });
  });
});

describe("the command line", () => {
  it("adds servers to those of the file and replaces its address", async () => {
    const { path } = await file("listen: 127.0.0.1:1\nservers: [{name: a, address: 'a:1'}]");
    const config = await configOf(["--config", path, "--listen", "127.0.0.1:2", "--server", "b=b:1"]);
    expect(config.listen).toBe("127.0.0.1:2");
    expect(config.servers.map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it.each([
    [["--server", "b"], "--server"],
    [["--server", "B=b:1"], "servers.0.name"],
    [["--sever", "b=b:1"], "--sever"],
  ])("refuses %s", async (args, named) => {
    await expect(configOf(args)).rejects.toMatchObject({ message: expect.stringContaining(named) });
  });
});

it("needs nothing: all defaults are good", () => {
  expect(parseConfig(undefined, ".", "test")).toMatchObject({ listen: "127.0.0.1:8080", servers: [], tokens: [] });
});
