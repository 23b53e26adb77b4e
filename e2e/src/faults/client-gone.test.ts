/**
 * Nobody waits for the images of a client that is gone. Work for it that went on would keep everybody else waiting: it must
 * stop, on every server, within one evaluation.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { until } from "@tandem/rpc/testing";
import { generate } from "../client.js";
import { Command } from "../command.js";
import { digitsFiles, guidedSpec } from "../digits.js";
import { Stack } from "../stack.js";

const folder = mkdtempSync(join(tmpdir(), "tandem-client-gone-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("when the client is gone", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await Stack.start({ a: { net: digitsFiles.net }, b: { gnet: digitsFiles.gnet } });
  }, 60_000);
  afterAll(() => stack[Symbol.asyncDispose]());
  afterEach(async () => {
    const last = await stack.batches();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await stack.batches()).toBe(last); // whatever ended it, nothing computes any more
    expect(await stack.openSessions()).toBe(0);
  });

  const start = (outdir: string) => {
    const args = [
      "--net",
      "servers/a/models/net",
      "--gnet",
      "servers/b/models/gnet",
      "--guidance",
      "2",
      "--seeds",
      "0-255",
    ];
    return new Command(["--server", stack.gateway.address, "generate", ...args, "--outdir", join(folder, outdir)]);
  };
  const working = async () => {
    const before = await stack.batches();
    await until("work on the servers", async () => (await stack.batches()) > before + 4, 60_000);
  };
  /** What computes when the client goes may finish: one evaluation. */
  const idle = async () => {
    await until("no open session", async () => (await stack.openSessions()) === 0, 5_000);
    await until("nothing computes", async () => (await stack.computing()) === 0, 5_000);
  };

  it("Ctrl-C: the command ends with 130, and no half-written image stays", async () => {
    const command = start("interrupted");
    await working();
    command.child.kill("SIGINT");
    expect((await command.ended).status).toBe(130);
    await idle();
    const files = readdirSync(join(folder, "interrupted"));
    expect(files.filter((name) => !/^\d{6}\.png$/.test(name))).toEqual([]);
  }, 90_000);

  it("killed: nobody says goodbye, and the work stops all the same", async () => {
    const command = start("killed");
    await working();
    command.child.kill("SIGKILL");
    await command.ended;
    await idle();
  }, 90_000);

  it("its deadline passes", async () => {
    const spec = guidedSpec("servers/a/models/net", "servers/b/models/gnet", 256, 32);
    await expect(generate(stack.gateway.address, spec, { deadline: 3_000 })).rejects.toMatchObject({
      name: "TimeoutError",
    });
    await idle();
  }, 90_000);

  it("a thousand times: sessions and memory stay flat", async () => {
    const spec = guidedSpec("servers/a/models/net", "servers/b/models/gnet", 2, 32);
    const cancelled = async () => {
      const abort = new AbortController();
      const running = generate(stack.gateway.address, spec, { signal: abort.signal }).catch((error: unknown) => error);
      setTimeout(() => abort.abort(), Math.random() * 60);
      expect(await running).toMatchObject({ name: "AbortError" });
    };
    const round = async (count: number) => {
      for (let i = 0; i < count; i += 20) await Promise.all(Array.from({ length: 20 }, cancelled));
      await idle();
      return stack.memory();
    };
    const before = await round(400);
    const after = await round(600);
    expect(after / before).toBeLessThan(1.25);
  }, 240_000);
});
