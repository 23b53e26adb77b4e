import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { checkSha256, sha256File } from "./sha256.js";

const megabyte = 2 ** 20;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sha256-"));
  await writeFile(join(folder, "small"), "abc");
  await writeFile(join(folder, "large"), Buffer.alloc(100 * megabyte));
});
afterAll(() => rm(folder, { recursive: true }));

describe("the SHA-256 of a file", () => {
  it("is that of its content, small or large", async () => {
    // Of "abc" (FIPS 180-2, appendix B.1), and of 100 MiB of zeros.
    expect(await sha256File(join(folder, "small"))).toMatch(/^ba7816bf8f01cfea414140de5dae2223/);
    expect(await sha256File(join(folder, "large"))).toBe(zeros);
  });

  it("leaves the event loop free while a large file is read", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await sha256File(join(folder, "large"));
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(10);
  });

  it("stops when it is cancelled", async () => {
    const abort = new AbortController();
    const hashing = sha256File(join(folder, "large"), abort.signal);
    setTimeout(() => abort.abort(new Error("no longer wanted")), 5);
    await expect(hashing).rejects.toThrow("no longer wanted");
  });

  it("is compared in any case and with its prefix; absent means unchecked", async () => {
    const path = join(folder, "large");
    await checkSha256(path, "large", `sha256:${zeros.toUpperCase()}`);
    await checkSha256(path, "large", "");
    await expect(checkSha256(path, "weights", zeros.replace("2", "3"))).rejects.toMatchObject({
      reason: "CHECKSUM_MISMATCH",
      details: { metadata: { actual: zeros } },
    });
    await expect(checkSha256(path, "large", "abc")).rejects.toMatchObject({ reason: "FIELD_INVALID" });
  });

  it("names a missing file", async () => {
    await expect(sha256File(join(folder, "no"))).rejects.toMatchObject({ reason: "RESOURCE_NOT_FOUND" });
  });
});

const zeros = "20492a4d0d84f8beb1767f6616229f85d44c2827b64bdbfb260ee12fa1109e0e";
