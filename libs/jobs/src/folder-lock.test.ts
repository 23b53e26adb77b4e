/** Two processes that work in one folder overwrite each other's checkpoints: after a kill -9 the next attempt begins at once. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "@jest/globals";
import { lockFolder } from "./folder-lock.js";

it("a folder is one process's at a time, and free as soon as that is killed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tandem-lock-"));
  const script = `
    const { lockFolder } = await import(${JSON.stringify(new URL("./folder-lock.js", import.meta.url).href)});
    await lockFolder(${JSON.stringify(folder)});
    setInterval(() => {}, 1000);
    console.log("locked");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await once(child.stdout, "data");
    await expect(lockFolder(folder, 0)).rejects.toMatchObject({ reason: "OUTPUT_EXISTS" });
    const waiting = lockFolder(folder);
    child.kill("SIGKILL");
    await using _mine = await waiting;
    await expect(lockFolder(folder, 0)).rejects.toMatchObject({ reason: "OUTPUT_EXISTS" });
  } finally {
    child.kill("SIGKILL");
  }
  {
    await using _again = await lockFolder(folder, 0);
  }
  await rm(folder, { recursive: true });
});
