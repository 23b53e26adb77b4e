import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Storage } from "../storage.js";
import { startServer, type TestServer } from "../test-server.js";
import { checkAddress } from "./address.js";

const content = Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * 7919) >> 3);
const retry = { attempts: 3, pauseMs: 1 };

let server: TestServer;
let cacheFolder: string;
let storage: Storage;
const open = () => new Storage({ cacheFolder, network: { allowLoopbackHttp: true }, retry });
beforeEach(async () => {
  server = await startServer();
  server.files.set("net.pkl", content);
  cacheFolder = await mkdtemp(join(tmpdir(), "downloads-"));
  storage = open();
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await rm(cacheFolder, { recursive: true });
});

/** Published weights are gigabytes behind slow lines: what has come must not come again, and must be what was meant. */
describe("a download", () => {
  it("continues where a cut connection ended, after pauses, through errors of the server", async () => {
    server.faults.push({ cutAfter: 300_000 }, { status: 503 }, { cutAfter: 200_000 }, { status: 429 });
    const path = await storage.localPath(`${server.url}net.pkl`);
    expect(Buffer.compare(await readFile(path), content)).toBe(0);
    const [first, ...rest] = server.requests;
    expect(first).toBe("GET net.pkl");
    for (const request of rest) expect(request).toMatch(/^GET net\.pkl bytes=[1-9]\d*-$/);
    expect(await readdir(cacheFolder)).toHaveLength(1);
  });

  it("continues what an earlier process left", async () => {
    server.faults.push({ cutAfter: 400_000 }, { status: 500 }, { status: 500 });
    await expect(storage.localPath(`${server.url}net.pkl`)).rejects.toMatchObject({ reason: "SERVER_UNAVAILABLE" });
    server.requests.length = 0;
    const path = await open().localPath(`${server.url}net.pkl`);
    expect(Buffer.compare(await readFile(path), content)).toBe(0);
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]).toMatch(/bytes=[1-9]/);
    expect(await readdir(cacheFolder)).toHaveLength(1);
  });

  it("continues what a process left that was killed in the middle", async () => {
    server.faults.push({ stallAfter: 500_000 });
    const module = new URL("../index.js", import.meta.url).href;
    const script = `import { Storage } from ${JSON.stringify(module)};
      const storage = new Storage({ cacheFolder: ${JSON.stringify(cacheFolder)}, network: { allowLoopbackHttp: true } });
      const onProgress = ({ received }) => received >= 500_000 && process.kill(process.pid, "SIGKILL");
      await storage.localPath(${JSON.stringify(`${server.url}net.pkl`)}, { onProgress });`;
    const killed = promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
    await expect(killed).rejects.toMatchObject({ signal: "SIGKILL" });
    const path = await storage.localPath(`${server.url}net.pkl`);
    expect(Buffer.compare(await readFile(path), content)).toBe(0);
    expect(server.requests[1]).toBe("GET net.pkl bytes=500000-");
    expect(await readdir(cacheFolder)).toHaveLength(1);
  });

  it("begins anew when the file has changed meanwhile, or the server cannot continue", async () => {
    server.faults.push({ cutAfter: 400_000 }, { status: 500 }, { status: 500 });
    await expect(storage.localPath(`${server.url}net.pkl`)).rejects.toThrow("answers 500");
    const changed = content.map((byte) => byte ^ 255);
    server.files.set("net.pkl", changed);
    expect(Buffer.compare(await readFile(await storage.localPath(`${server.url}net.pkl`)), changed)).toBe(0);

    server.isSimple = true;
    server.files.set("other.pkl", content);
    server.faults.push({ cutAfter: 400_000 });
    expect(Buffer.compare(await readFile(await storage.localPath(`${server.url}other.pkl`)), content)).toBe(0);
  });

  it("gives up on a server that always breaks at the same place", async () => {
    server.isSimple = true;
    for (let i = 0; i < 20; i++) server.faults.push({ cutAfter: 400_000 });
    await expect(storage.localPath(`${server.url}net.pkl`)).rejects.toMatchObject({ reason: "SERVER_UNAVAILABLE" });
    expect(server.requests.length).toBeLessThan(6);
  });

  it("is shared by all who ask at once, and kept for those who ask later", async () => {
    const paths = await Promise.all(Array.from({ length: 8 }, () => storage.localPath(`${server.url}net.pkl`)));
    expect(new Set(paths).size).toBe(1);
    await open().localPath(`${server.url}net.pkl`);
    expect(server.requests).toEqual(["GET net.pkl"]);
  });

  it("gives two processes the same whole file", async () => {
    const paths = await Promise.all([open(), open(), open()].map((own) => own.localPath(`${server.url}net.pkl`)));
    expect(Buffer.compare(await readFile(paths[0]!), content)).toBe(0);
    expect(await readdir(cacheFolder)).toHaveLength(1);
  });

  it("ends for one who cancels, and goes on for the others; without others it stops and keeps its bytes", async () => {
    server.faults.push({ stallAfter: 500_000 });
    const abort = new AbortController();
    const arrived = Promise.withResolvers<void>();
    const onProgress = ({ received }: { received: number }) => {
      if (received >= 500_000) arrived.resolve();
    };
    const first = storage.localPath(`${server.url}net.pkl`, { signal: abort.signal, onProgress });
    await arrived.promise;
    abort.abort(new Error("no longer wanted"));
    await expect(first).rejects.toThrow("no longer wanted");
    const second = await storage.localPath(`${server.url}net.pkl`);
    expect(Buffer.compare(await readFile(second), content)).toBe(0);
    expect(server.requests[1]).toBe("GET net.pkl bytes=500000-");
  });

  it("reports its progress", async () => {
    const seen: number[] = [];
    await storage.localPath(`${server.url}net.pkl`, {
      onProgress: ({ received, total }) => seen.push(received / total!),
    });
    expect(seen.at(-1)).toBe(1);
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
  });

  it("is refused beyond the limit before it is written, whether or not the server tells the size", async () => {
    const refused = storage.localPath(`${server.url}net.pkl`, { maxBytes: 999_999 });
    await expect(refused).rejects.toMatchObject({
      reason: "LIMIT_EXCEEDED",
      details: { metadata: { limit: 999_999 } },
    });
    expect(await readdir(cacheFolder)).toEqual([]);
  });

  it("with another digest than expected is thrown away, and so is a kept copy that was damaged", async () => {
    const sha256 = createHash("sha256").update(content).digest("hex");
    server.files.set(
      "net.pkl",
      content.map((byte) => byte ^ 1),
    );
    const wrong = storage.localPath(`${server.url}net.pkl`, { sha256 });
    await expect(wrong).rejects.toMatchObject({ reason: "CHECKSUM_MISMATCH" });
    expect(await readdir(cacheFolder)).toEqual([]);
    await storage.localPath(`${server.url}net.pkl`);
    server.files.set("net.pkl", content);
    const path = await storage.localPath(`${server.url}net.pkl`, { sha256 });
    expect(Buffer.compare(await readFile(path), content)).toBe(0);
  });

  it("from a server that is not there leaves nothing behind", async () => {
    await server[Symbol.asyncDispose]();
    const refused = storage.localPath(`${server.url}net.pkl`);
    await expect(refused).rejects.toMatchObject({
      reason: "SERVER_UNAVAILABLE",
      message: expect.stringMatching(/ECONNREFUSED/),
    });
    expect(await readdir(cacheFolder)).toEqual([]);
    server = await startServer();
  });

  it.each([
    [404, "RESOURCE_NOT_FOUND"],
    [403, "URI_NOT_ALLOWED"],
  ])("does not try again after %i", async (status, reason) => {
    server.faults.push({ status });
    await expect(storage.localPath(`${server.url}net.pkl`)).rejects.toMatchObject({ reason });
    expect(server.requests).toHaveLength(1);
    expect(await readdir(cacheFolder)).toEqual([]);
  });
});

/** Whoever may name a URI must not reach through us what only we can reach: metadata services, neighbours, ourselves. */
describe("a download connects to public addresses only", () => {
  it.each([
    ...["https://127.0.0.1/x", "https://localhost/x", "https://0/x", "https://0x7f000001/x", "https://2130706433/x"],
    ...[
      "https://10.0.0.1/x",
      "https://172.31.255.1/x",
      "https://192.168.1.1/x",
      "https://169.254.169.254/latest/meta-data",
    ],
    ...[
      "https://100.64.0.1/x",
      "https://[::1]/x",
      "https://[::]/x",
      "https://[::ffff:127.0.0.1]/x",
      "https://[::ffff:a9fe:a9fe]/x",
    ],
    ...[
      "https://[fe80::1]/x",
      "https://[fd00:ec2::254]/x",
      "https://[64:ff9b::a9fe:a9fe]/x",
      "https://[2002:7f00:1::]/x",
    ],
    ...["https://224.0.0.1/x", "https://255.255.255.255/x", "http://1.1.1.1/x", "http://127.0.0.1/x"],
  ])("not to %s", async (uri) => {
    const strict = new Storage({ cacheFolder, retry });
    await expect(strict.localPath(uri)).rejects.toMatchObject({ reason: "URI_NOT_ALLOWED" });
    await expect(strict.stat(uri)).rejects.toMatchObject({ reason: "URI_NOT_ALLOWED" });
  });

  it.each([
    "https://169.254.169.254/",
    "https://localhost/",
    "http://10.0.0.1/",
    "file:///etc/passwd",
    "ftp://example.org/x",
    "http://:80:80/",
  ])("nor by a redirect to %s", async (redirect) => {
    server.faults.push({ redirect });
    await expect(storage.localPath(`${server.url}net.pkl`)).rejects.toMatchObject({ reason: "URI_NOT_ALLOWED" });
  });

  it("nor round in circles", async () => {
    for (let i = 0; i < 10; i++) server.faults.push({ redirect: "/net.pkl" });
    await expect(storage.localPath(`${server.url}net.pkl`)).rejects.toThrow("more than 5 redirects");
  });

  it("but follows a redirect that is allowed", async () => {
    server.faults.push({ redirect: "/net.pkl" });
    expect(await storage.stat(`${server.url}moved.pkl`)).toMatchObject({ sizeBytes: content.length });
  });

  it.each(["1.1.1.1", "2606:4700:4700::1111", "172.32.0.1", "192.169.0.1"])("such as %s", (address) => {
    expect(() => checkAddress(address, address, "https:", {})).not.toThrow();
    expect(() => checkAddress(address, address, "http:", { allowLoopbackHttp: true })).toThrow("only https:");
  });

  it("unless private ones are allowed", () => {
    expect(() => checkAddress("10.0.0.1", "10.0.0.1", "https:", { allowPrivateAddresses: true })).not.toThrow();
  });
});
