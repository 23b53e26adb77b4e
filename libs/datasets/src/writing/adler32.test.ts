import { deflateSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { adler32 } from "./adler32.js";

describe("the Adler-32 of bytes", () => {
  /** Around vectors of 16, the 5552 bytes of a run, and the largest sums there are. */
  test.each([0, 1, 15, 16, 17, 5551, 5552, 5553, 11_104, 200_000])("is zlib's, of %i of them", (length) => {
    for (const bytes of [new Uint8Array(length).fill(255), new Uint8Array(length).map((_, i) => (i * 7919) >> 3)])
      expect(adler32(bytes)).toBe(deflateSync(bytes).readUInt32BE(deflateSync(bytes).length - 4));
  });
});
