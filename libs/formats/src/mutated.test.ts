import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { DomainError } from "@tandem/errors";
import fc from "fast-check";
import { parseNpy } from "./numpy/npy.js";
import { isTensor, type PickleValue } from "./pickle/values.js";
import { readPickle } from "./read-pickle.js";
import { namedTensors } from "./read-tensor-file.js";
import { parseSafetensors } from "./safetensors/read.js";
import { byteCount, type TensorData } from "./tensor-data.js";
import { fixture, golden } from "./test-files.js";

/** Reads bytes as one format and gives the tensors found. */
type Read = (bytes: Uint8Array) => Promise<Iterable<TensorData>>;

const safetensors: Read = async (bytes) => parseSafetensors(bytes, "mutated").tensors.values();
const npy: Read = async (bytes) => [parseNpy(bytes, "mutated")];
const pickle: Read = async (bytes) => tensorsOf(await readPickle(bytes, "mutated"));

const files: [name: string, path: string, read: Read][] = [
  ["safetensors", golden("pickles/stats.safetensors"), safetensors],
  ["npy", fixture("fortran.npy"), npy],
  ["big-endian npy", fixture("big.npy"), npy],
  ["pickle of plain data, protocol 0", fixture("plain-0.pkl"), pickle],
  ["pickle of plain data, protocol 5", fixture("plain-5.pkl"), pickle],
  ["pickle of arrays, protocol 2", fixture("arrays-2.pkl"), pickle],
  ["pickle of arrays, protocol 5", fixture("arrays-5.pkl"), pickle],
  ["torch archive", fixture("tensors.pt"), pickle],
  ["legacy torch file", fixture("tensors.pth"), pickle],
  ["storage within a pickle", fixture("nested.pkl"), pickle],
];

/** Files get damaged on the way, and some are made to break readers: a reader must answer, in time, with tensors or an error. */
describe("damaged bytes give sound tensors or a DomainError, at once", () => {
  it.each(files)("%s with some bytes changed", async (_, path, read) => {
    const original = readFileSync(path);
    const change = fc.tuple(fc.nat({ max: original.length - 1 }), fc.nat({ max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
        const bytes = Uint8Array.from(original);
        for (const [at, value] of changes) bytes[at] = value;
        await check(read, bytes);
      }),
      { numRuns: 300 },
    );
  });

  it.each(files)("%s cut short", async (_, path, read) => {
    const original = readFileSync(path);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: original.length - 1 }), async (length) => {
        // A whole file never remains: every format says how long it is.
        expect(await check(read, Uint8Array.from(original.subarray(0, length)))).toBe("refused");
      }),
      { numRuns: 100 },
    );
  });

  it.each(files)("%s with a piece removed, doubled or moved", async (_, path, read) => {
    const original = readFileSync(path);
    const place = fc.nat({ max: original.length });
    await fc.assert(
      fc.asyncProperty(place, place, place, async (start, end, to) => {
        const piece = original.subarray(Math.min(start, end), Math.max(start, end));
        await check(read, Buffer.concat([original.subarray(0, to), piece, original.subarray(to)]));
        await check(read, Buffer.concat([original.subarray(0, start), original.subarray(end)]));
      }),
      { numRuns: 100 },
    );
  });

  it("pickle of random opcodes", async () => {
    const codes = [
      ..."NIJKMFGSTUVXBC]la)t}dsu(012pqrghjcRobiQP.\x80\x81\x82\x85\x86\x87\x88\x89\x8a\x8c\x8f\x90\x91\x92\x93\x94\x95\x96\x97\x98",
    ];
    const texts = [
      "ctorch._utils\n_rebuild_tensor_v2\n",
      "cnumpy\ndtype\n",
      "cnumpy.core.multiarray\n_reconstruct\n",
      "ccollections\nOrderedDict\n",
      "Vf4\n",
      "K\x01",
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...codes, ...texts), { maxLength: 60 }), async (parts) => {
        await check(pickle, Buffer.from(`${parts.join("")}.`, "latin1"));
      }),
      { numRuns: 3000 },
    );
  });
});

async function check(read: Read, bytes: Uint8Array): Promise<"read" | "refused"> {
  const started = performance.now();
  try {
    for (const { dtype, shape, data } of await read(bytes)) expect(data.byteLength).toBe(byteCount(dtype, shape));
    return "read";
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return "refused";
  } finally {
    expect(performance.now() - started).toBeLessThan(2000);
  }
}

function tensorsOf(value: PickleValue): TensorData[] {
  if (isTensor(value)) return [value];
  return [...namedTensors(value).values()];
}
