/**
 * Where the two networks live must not show in the images: a sweep that is repeated after machines were moved, or during which
 * one was lost, would otherwise compare hardware instead of settings.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "@jest/globals";
import { until } from "@tandem/rpc/testing";
import { Command } from "../command.js";
import { digitsFiles } from "../digits.js";
import { type Placement, Stack } from "../stack.js";

const folder = mkdtempSync(join(tmpdir(), "tandem-same-bytes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { net, gnet } = digitsFiles;
const placements: Record<string, Placement> = {
  "one server with both": { both: { net, gnet } },
  "two servers": { a: { net }, b: { gnet } },
  "two servers and a stand-in": { a: { net }, b: { gnet }, c: { gnet } },
};

const images = (outdir: string) => {
  const files = readdirSync(outdir).filter((name) => /^\d{6}\.png$/.test(name));
  return Object.fromEntries(files.sort().map((name) => [name, readFileSync(join(outdir, name)).toString("base64")]));
};

it("makes the same PNG bytes on one server, on two, and when gnet's server is killed in the middle", async () => {
  const results: Record<string, ReturnType<typeof images>> = {};
  for (const [title, placement] of Object.entries(placements)) {
    const outdir = join(folder, title.replaceAll(" ", "-"));
    await using stack = await Stack.start(placement);
    const args = ["--net", net, "--gnet", gnet, "--guidance", "2", "--seeds", "0-31", "--batch", "8", "--steps", "12"];
    const command = new Command(["--server", stack.gateway.address, "generate", ...args, "--outdir", outdir]);
    if (placement.c) {
      // Whichever server of the pool does the work is the one that dies.
      const sessions = (server: string) => stack.server(server).metric("tandem_open_sessions");
      await until("a session of gnet", async () => (await sessions("b")) + (await sessions("c")) > 0, 60_000);
      stack.server((await sessions("b")) > 0 ? "b" : "c").signal("SIGKILL");
    }
    const { status, stderr } = await command.ended;
    expect({ title, status, stderr: status === 0 ? "" : stderr }).toEqual({ title, status: 0, stderr: "" });
    results[title] = images(outdir);
    expect(Object.keys(results[title]!)).toHaveLength(32);
  }
  const [first, ...others] = Object.values(results);
  for (const other of others) expect(other).toEqual(first);
}, 300_000);
