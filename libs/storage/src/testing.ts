/** @file The suite that every storage scheme passes. */
import { describe, expect, it } from "@jest/globals";
import type { Storage } from "./storage.js";

/** A place under the scheme that is tested. */
export interface StorePlace extends AsyncDisposable {
  readonly storage: Storage;
  /** URI of an empty folder; ends in "/". */
  readonly folder: string;
  /** Puts a file into the folder without the storage's help. */
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** Names in the folder, temporary files included, seen without the storage's help. */
  names(): Promise<string[]>;
}

/** What a scheme does not do, where it does not. */
export interface StoreTraits {
  readonly isReadOnly?: boolean;
}

const content = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7919) >> 3);

/**
 * Tests a scheme.
 * @param name   of the scheme
 * @param create makes a fresh place for each test
 */
export function storeSuite(name: string, create: () => Promise<StorePlace>, { isReadOnly }: StoreTraits = {}): void {
  describe(`${name} storage`, () => {
    it("reads a file, and says how large it is", async () => {
      await using place = await create();
      await place.put("a.bin", content);
      expect(Buffer.compare(await place.storage.read(`${place.folder}a.bin`), content)).toBe(0);
      expect((await place.storage.stat(`${place.folder}a.bin`)).sizeBytes).toBe(content.length);
    });

    it.each([
      [0, 10],
      [99_990, 10],
      [5, 0],
      [99_990, 100],
      [100_000, 5],
      [40_000, undefined],
    ])("reads a part: from byte %s, %s of them", async (offset, length) => {
      await using place = await create();
      await place.put("a.bin", content);
      const part = await place.storage.read(`${place.folder}a.bin`, { offset, length });
      const expected = content.slice(offset, length === undefined ? undefined : offset + length);
      expect(Buffer.compare(part, expected)).toBe(0);
    });

    it("refuses an offset behind the end", async () => {
      await using place = await create();
      await place.put("a.bin", content);
      const read = place.storage.read(`${place.folder}a.bin`, { offset: 100_001 });
      await expect(read).rejects.toMatchObject({ reason: "OFFSET_OUT_OF_RANGE" });
    });

    it("names what is missing", async () => {
      await using place = await create();
      const uri = `${place.folder}missing.bin`;
      for (const attempt of [place.storage.read(uri), place.storage.stat(uri), place.storage.localPath(uri)])
        await expect(attempt).rejects.toMatchObject({
          reason: "RESOURCE_NOT_FOUND",
          message: expect.stringContaining("missing.bin"),
        });
    });

    it("stops reading when it is cancelled", async () => {
      await using place = await create();
      await place.put("a.bin", content);
      const abort = new AbortController();
      abort.abort(new Error("no longer wanted"));
      await expect(place.storage.read(`${place.folder}a.bin`, undefined, abort.signal)).rejects.toThrow(
        "no longer wanted",
      );
    });

    it("gives a local path, and checks a digest", async () => {
      await using place = await create();
      await place.put("a.bin", Buffer.from("abc"));
      const sha256 = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
      const path = await place.storage.localPath(`${place.folder}a.bin`, { sha256 });
      expect(Buffer.from(await place.storage.read(path)).toString()).toBe("abc");
      const wrong = place.storage.localPath(`${place.folder}a.bin`, { sha256: "00".repeat(32) });
      await expect(wrong).rejects.toMatchObject({ reason: "CHECKSUM_MISMATCH" });
    });

    if (isReadOnly) readOnlyTests(create);
    else writingTests(create);
  });
}

function readOnlyTests(create: () => Promise<StorePlace>): void {
  it("says that it cannot write or list, and has no folders here", async () => {
    await using place = await create();
    const { storage, folder } = place;
    for (const attempt of [storage.write(`${folder}a`, content), storage.list(folder), storage.localFolder(folder)])
      await expect(attempt).rejects.toMatchObject({ reason: "NOT_SUPPORTED" });
  });
}

function writingTests(create: () => Promise<StorePlace>): void {
  it("writes a file, in folders that appear, and replaces it", async () => {
    await using place = await create();
    const uri = `${place.folder}new/deep/b.bin`;
    expect((await place.storage.write(uri, content)).sizeBytes).toBe(content.length);
    await place.storage.write(
      uri,
      (async function* () {
        yield Buffer.from("a");
        yield Buffer.from("b");
      })(),
    );
    expect(Buffer.from(await place.storage.read(uri)).toString()).toBe("ab");
  });

  it("keeps the old file and leaves nothing behind when writing fails or is cancelled halfway", async () => {
    await using place = await create();
    await place.put("a.bin", Buffer.from("old"));
    const abort = new AbortController();
    const broken = async function* () {
      yield content;
      throw new Error("the source broke");
    };
    const endless = async function* () {
      for (;;) {
        yield content;
        abort.abort(new Error("no longer wanted"));
      }
    };
    await expect(place.storage.write(`${place.folder}a.bin`, broken())).rejects.toThrow("the source broke");
    await expect(place.storage.write(`${place.folder}a.bin`, endless(), abort.signal)).rejects.toThrow(
      "no longer wanted",
    );
    await expect(place.storage.write(`${place.folder}deep/b.bin`, broken())).rejects.toThrow("the source broke");
    expect(Buffer.from(await place.storage.read(`${place.folder}a.bin`)).toString()).toBe("old");
    expect(await place.names()).toEqual(["a.bin"]);
  });

  it("lists a folder", async () => {
    await using place = await create();
    await place.storage.write(`${place.folder}b`, content);
    await place.storage.write(`${place.folder}a/x`, content);
    const expected = [`${place.folder}a/`, `${place.folder}b`];
    expect(await place.storage.list(place.folder)).toEqual(expected);
    await expect(place.storage.list(`${place.folder}missing/`)).rejects.toMatchObject({
      reason: "RESOURCE_NOT_FOUND",
    });
  });

  it("gives a folder's path, and makes it when asked", async () => {
    await using place = await create();
    const { storage, folder } = place;
    await expect(storage.localFolder(`${folder}runs/one`)).rejects.toMatchObject({ reason: "RESOURCE_NOT_FOUND" });
    const path = await storage.localFolder(`${folder}runs/one`, { create: true });
    expect(await storage.localFolder(`${folder}runs/one/`)).toMatch(path);
    await place.put("file", content);
    for (const create of [false, true])
      await expect(storage.localFolder(`${folder}file`, { create })).rejects.toMatchObject({
        reason: "URI_NOT_ALLOWED",
      });
  });
}
