import { access, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Storage } from "./storage.js";

/** As a path, "%2e%2e" is a name like any other, and nothing of that name exists. */
const denied = /URI_NOT_ALLOWED|RESOURCE_NOT_FOUND/;

let base: string;
beforeAll(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), "roots-")));
  await mkdir(join(base, "models"));
  await mkdir(join(base, "models-private"));
  await mkdir(join(base, "secrets"));
  await writeFile(join(base, "models/net.pkl"), "weights");
  await writeFile(join(base, "secrets/key"), "secret");
  await writeFile(join(base, "models-private/key"), "secret");
  await symlink(join(base, "secrets"), join(base, "models/way-out"));
  await symlink(join(base, "secrets/key"), join(base, "models/key"));
  await symlink(join(base, "secrets/new"), join(base, "models/dangling"));
  await symlink(join(base, "models"), join(base, "link-to-models"));
});
afterAll(() => rm(base, { recursive: true }));

/** A request names files of the server's machine: without roots, anybody who may load a model may read every file. */
describe("a service with roots", () => {
  const open = () => new Storage({ roots: [`${base}/models/`] });

  it("reads below them, by path, by URI and through links that stay inside", async () => {
    const storage = new Storage({ roots: [`file://${base}/link-to-models`] });
    for (const uri of [`${base}/models/net.pkl`, `file://${base}/models/net.pkl`, `${base}/link-to-models/net.pkl`])
      expect(Buffer.from(await storage.read(uri)).toString()).toBe("weights");
  });

  it.each([
    "secrets/key",
    "models/../secrets/key",
    "models/%2e%2e/secrets/key",
    "models/way-out/key",
    "models/key",
    "models-private/key",
    "models/way-out/not/there/yet",
    "",
  ])("refuses %s", async (path) => {
    for (const uri of [`${base}/${path}`, `file://${base}/${path}`]) {
      await expect(open().stat(uri)).rejects.toMatchObject({ reason: expect.stringMatching(denied) });
      await expect(open().read(uri)).rejects.toMatchObject({ reason: expect.stringMatching(denied) });
    }
  });

  it("names the roots when it refuses", async () => {
    await expect(open().read(`${base}/secrets/key`)).rejects.toThrow(
      `outside of the roots that this server may touch (${base}/models/)`,
    );
  });

  it("writes nothing outside, not even through a link", async () => {
    for (const name of ["../secrets/x", "way-out/x", "dangling/x", "dangling"])
      await expect(open().write(`${base}/models/${name}`, Buffer.from("x"))).rejects.toMatchObject({
        reason: "URI_NOT_ALLOWED",
      });
  });

  it("makes no folder outside, not even through a link", async () => {
    for (const name of ["../secrets/x", "way-out/x", "dangling/x"])
      await expect(open().localFolder(`${base}/models/${name}`, { create: true })).rejects.toMatchObject({
        reason: "URI_NOT_ALLOWED",
      });
    expect(await open().localFolder(`${base}/models/runs`, { create: true })).toBe(join(base, "models/runs"));
  });

  it("finds no place outside for what is to be made, not even through a link or an encoded slash", async () => {
    const names = ["../secrets/x", "..", "runs/../../secrets", "way-out/x", "dangling", `${base}/models/..%2fsecrets`];
    for (const name of names) {
      const uri = name.includes("%2f") ? `file://${name}` : `${base}/models/${name}`;
      await expect(open().localTarget(uri, { create: true })).rejects.toMatchObject({ reason: "URI_NOT_ALLOWED" });
    }
    expect(await open().localTarget(`${base}/models/new/set/`)).toBe(join(base, "models/new/set"));
    expect(await exists(join(base, "models/new"))).toBe(false);
    await open().localTarget(`${base}/models/new/set/`, { create: true });
    expect([await exists(join(base, "models/new")), await exists(join(base, "models/new/set"))]).toEqual([true, false]);
  });

  it.each([
    "https://weights.example.org/secret/net.pkl",
    "https://weights.example.org/publicity",
    "https://other.example.org/public/x",
  ])("refuses %s when only https://weights.example.org/public is a root", async (uri) => {
    const storage = new Storage({ roots: ["https://weights.example.org/public"] });
    await expect(storage.localPath(uri)).rejects.toMatchObject({ reason: "URI_NOT_ALLOWED" });
  });

  it.each(["ftp://host/x", "s3://bucket/x", "file://host/x", "https://me:secret@host/x", "data:,x", ""])(
    "refuses the URI %j",
    async (uri) => {
      await expect(new Storage().read(uri)).rejects.toMatchObject({ reason: "URI_NOT_ALLOWED" });
    },
  );
});

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
