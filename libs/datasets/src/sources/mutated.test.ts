/** Data sets come from anywhere: damaged or made to harm, they must end in pictures or a clear error, in bounded time. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { DomainError } from "@tandem/errors";
import { encodeNpy } from "@tandem/formats";
import fc from "fast-check";
import { cifarBinary, cifarPython, tarOf } from "../testing/cifar-files.js";
import { openSource } from "./open-source.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mutated-"));
});
afterAll(() => rm(folder, { recursive: true }));

const idx = Buffer.concat([Buffer.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2]), Buffer.alloc(8, 7)]);
const npy = Buffer.concat(encodeNpy({ dtype: "U8", shape: [2, 2, 2, 3], data: new Uint8Array(24) }));
const labels = Buffer.from("images/00000000,1\nimages/00000001,2\n");

/** Opens a file and reads everything; whatever is wrong must be told as such. */
async function read(name: string, bytes: Uint8Array): Promise<"read" | "refused"> {
  await writeFile(join(folder, name), bytes);
  const labelsFile = name === "labels.csv" ? join(folder, name) : undefined;
  try {
    const source = await openSource(join(folder, labelsFile ? "images.npy" : name), { labelsFile });
    try {
      for (let i = 0; i < source.names.length; i += Math.ceil(source.names.length / 100)) {
        const picture = await source.read(i);
        if (!("data" in picture)) throw new Error("an array gives pixels");
        expect(picture.data).toHaveLength(picture.width * picture.height * 3);
      }
    } finally {
      await source.close();
    }
    return "read";
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    expect(error.message).toContain(folder);
    return "refused";
  }
}

describe("mutated sources", () => {
  const files: readonly (readonly [name: string, bytes: () => Promise<Buffer>])[] = [
    ["images.npy", async () => npy],
    ["images-idx3-ubyte", async () => idx],
    ["data_batch_1", async () => cifarPython(1).data_batch_1!],
    ["data_batch_1.bin", async () => cifarBinary(2)["data_batch_1.bin"]!],
    ["cifar.tar", async () => gunzipSync(await tarOf("cifar", cifarPython(1)))],
    ["cifar.tar.gz", async () => tarOf("cifar", cifarBinary(1))],
    ["labels.csv", async () => labels],
  ];
  it.each(files)("%s", async (name, make) => {
    const original = await make();
    await writeFile(join(folder, "images.npy"), npy);
    expect(await read(name, original)).toBe("read");
    const change = fc.tuple(fc.nat({ max: original.length - 1 }), fc.nat({ max: 255 }));
    const head = fc.tuple(fc.nat({ max: Math.min(original.length, 200) - 1 }), fc.nat({ max: 255 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(change, head), { maxLength: 6 }),
        fc.option(fc.nat({ max: original.length }), { freq: 3 }),
        async (changes, length) => {
          const bytes = Uint8Array.from(original);
          for (const [at, value] of changes) bytes[at] = value;
          await read(name, bytes.subarray(0, length ?? bytes.length));
        },
      ),
      { numRuns: 150 },
    );
  });
});
