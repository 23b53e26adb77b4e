import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { replaceFile } from "./atomic-file.js";

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "atomic-")));
});
afterEach(() => rm(folder, { recursive: true }));

/** A snapshot that took days to train is replaced by a whole one or not at all. */
describe("replacing a file", () => {
  it("shows the old content until the new one is whole", async () => {
    const path = join(folder, "a");
    await writeFile(path, "old");
    await replaceFile(path, async (file) => {
      await file.writeFile("new");
      expect(await readFile(path, "utf8")).toBe("old");
    });
    expect([await readFile(path, "utf8"), await readdir(folder)]).toEqual(["new", ["a"]]);
  });

  it("keeps the old content and no other file when writing fails", async () => {
    const path = join(folder, "a");
    await writeFile(path, "old");
    const failing = replaceFile(path, async (file) => {
      await file.writeFile("half");
      throw new Error("no more");
    });
    await expect(failing).rejects.toThrow("no more");
    expect([await readFile(path, "utf8"), await readdir(folder)]).toEqual(["old", ["a"]]);
  });

  it("writes to where a link leads, and replaces neither folders nor devices", async () => {
    await writeFile(join(folder, "real"), "old");
    await symlink(join(folder, "real"), join(folder, "link"));
    await replaceFile(join(folder, "link"), (file) => file.writeFile("new"));
    expect(await readFile(join(folder, "real"), "utf8")).toBe("new");
    await mkdir(join(folder, "sub"));
    await expect(replaceFile(join(folder, "sub"), async () => {})).rejects.toMatchObject({ reason: "URI_NOT_ALLOWED" });
    expect((await stat(join(folder, "sub"))).isDirectory()).toBe(true);
  });

  it("says in one line which folder is missing or is a file", async () => {
    await writeFile(join(folder, "file"), "");
    for (const path of [join(folder, "missing/a"), join(folder, "file/a")]) {
      const failing = replaceFile(path, async () => {});
      await expect(failing).rejects.toMatchObject({
        reason: "RESOURCE_NOT_FOUND",
        message: expect.stringContaining(path),
      });
    }
  });

  const unlessWindows = process.platform === "win32" ? it.skip : it;
  unlessWindows("says in one line that there is no room, and leaves nothing behind", async () => {
    const path = join(folder, "a");
    const module = new URL("./atomic-file.js", import.meta.url).href;
    const script = `import { replaceFile } from ${JSON.stringify(module)};
      const write = (file) => file.writeFile(new Uint8Array(2 ** 22));
      console.log(await replaceFile(${JSON.stringify(path)}, write).catch((error) => error.reason + " " + error.message));`;
    // A limit on file sizes stands for a full disk: the operating system refuses the write halfway.
    const limited = ["-c", 'ulimit -f 1024; exec "$@"', "sh", process.execPath, "--input-type=module", "-e", script];
    const { stdout } = await promisify(execFile)("sh", limited);
    expect(stdout).toMatch(/^OUT_OF_MEMORY .*\/a: .*\n$/);
    expect(await readdir(folder)).toEqual([]);
  });
});
