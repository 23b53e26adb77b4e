/** A stale stack file must not send commands to a stranger's port, nor `down` a signal to a stranger's process. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { describe, expect, it } from "@jest/globals";
import { Workspace } from "../testing/run-tandem.js";
import { processBegan, runningStack, stackFile, writeStack } from "./state.js";

const gateway = { name: "gateway", address: "127.0.0.1:1", pid: 1 };
const stateOf = (pid: number, began: string) => ({ pid, began, started: "2026-01-01T00:00:00Z", gateway, servers: [] });

describe("the stack file", () => {
  it("leads to the stack while its process runs", async () => {
    await using place = await Workspace.make();
    await writeStack(place.folder, stateOf(process.pid, processBegan(process.pid) ?? ""));
    await expect(runningStack(place.folder)).resolves.toMatchObject({ gateway });
  });

  it("is forgotten when its process is gone", async () => {
    await using place = await Workspace.make();
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"]);
    const pid = child.pid ?? 0;
    await writeStack(place.folder, stateOf(pid, processBegan(pid) ?? ""));
    await expect(runningStack(place.folder)).resolves.toBeDefined();
    child.kill("SIGKILL");
    await once(child, "exit");
    await expect(runningStack(place.folder)).resolves.toBeUndefined();
    expect(existsSync(stackFile(place.folder))).toBe(false);
  });

  it("does not take another process of the same number for the stack's", async () => {
    await using place = await Workspace.make();
    await writeStack(place.folder, stateOf(process.pid, "at another time"));
    await expect(runningStack(place.folder)).resolves.toBeUndefined();
  });

  it("says so when it is damaged", async () => {
    await using place = await Workspace.make();
    await mkdir(place.folder, { recursive: true });
    await writeFile(stackFile(place.folder), '{"pid": "none"');
    await expect(runningStack(place.folder)).rejects.toThrow(/stack\.json is damaged/);
  });
});
