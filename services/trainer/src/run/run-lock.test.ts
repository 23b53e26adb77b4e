/** Two processes that train in one folder overwrite each other's checkpoints: after a kill -9 the next attempt begins at once. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "@jest/globals";
import { scratch } from "../testing/draft.js";
import { lockFolder } from "./run-lock.js";

it("a folder is one process's at a time, and free as soon as that is killed", async () => {
  await using folder = await scratch();
  const script = `
    const { lockFolder } = await import(${JSON.stringify(new URL("./run-lock.js", import.meta.url).href)});
    await lockFolder(${JSON.stringify(folder.path)});
    setInterval(() => {}, 1000);
    console.log("locked");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await once(child.stdout, "data");
    await expect(lockFolder(folder.path, 0)).rejects.toMatchObject({ reason: "OUTPUT_EXISTS" });
    const waiting = lockFolder(folder.path);
    child.kill("SIGKILL");
    await using _mine = await waiting;
    await expect(lockFolder(folder.path, 0)).rejects.toMatchObject({ reason: "OUTPUT_EXISTS" });
  } finally {
    child.kill("SIGKILL");
  }
  await using _again = await lockFolder(folder.path, 0);
});
