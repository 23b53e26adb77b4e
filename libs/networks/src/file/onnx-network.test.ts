/**
 * An ONNX file may come from anyone, and onnxruntime, which runs it, is native code that follows what stands in it. What we let
 * through must compute what its source computes; what reaches beyond the file, or is damaged, must not get that far.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { DomainError, type Reason } from "@tandem/errors";
import { type ElementType, Graph, type OnnxModel, type Shape, selfContained, toOnnx } from "@tandem/graph";
import fc from "fast-check";
import { networkConfig } from "../architectures.js";
import { buildDenoiser } from "../build.js";
import { golden, goldenTensors, openSession } from "../golden.js";
import type { OnnxNetwork } from "../network.js";
import { randomNetwork } from "../random-network.js";
import { onnxNetwork } from "./onnx-network.js";
import { readDenoiser, readNetwork } from "./read-network.js";
import { writeOnnx } from "./write-onnx.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tandem-onnx-"));
});
afterAll(() => rm(folder, { recursive: true }));

const toy = () => randomNetwork(networkConfig({ kind: "toy_mlp", hiddenDim: 8, numLayers: 1 }), 1);
const bytesOf = (model: OnnxModel, metadata = {}) => Buffer.concat(selfContained(model, { metadata }));
/** All places where a text stands, with another of the same length in it. */
const replaced = (bytes: Uint8Array, from: string, to: string) =>
  Buffer.from(Buffer.from(bytes).toString("latin1").replaceAll(from, to), "latin1");
const denoiserOf = async (path: string) => (await readDenoiser(path)) as OnnxNetwork;

describe("an exported network", () => {
  it("comes back with all that serving it needs, and computes the same bytes", async () => {
    const network = { ...(await readNetwork(golden("sampler/net.pkl"))), provenance: { preset: "tiny", emaStd: 0.1 } };
    const path = join(folder, "net.onnx");
    await writeOnnx(path, network);
    const read = await denoiserOf(path);
    const { config, encoding, provenance, digest } = network;
    expect(read).toMatchObject({
      ...{ format: "onnx", config, encoding, provenance, weightsDigest: digest, computeType: "float32" },
      ...{ sampleShape: [3, 32, 32], labelDim: 10 },
    });
    expect(read.digest).not.toBe(digest);
    const { x, sigma, labels } = await goldenTensors("network/cond/io.safetensors");
    const inputs = { x: x!, sigma: sigma!, labels: labels! };
    const [ours, theirs] = [await buildDenoiser(network), await buildDenoiser(read)];
    expect(theirs.outputs).toEqual(ours.outputs);
    expect(await (await openSession(theirs))(inputs)).toEqual(await (await openSession(ours))(inputs));
  });

  it("keeps a fixed batch and half precision, and is known by its bytes under any name", async () => {
    const path = join(folder, "download");
    await writeOnnx(path, await readNetwork(golden("sampler/net.pkl")), { batch: 2, computeType: "float16" });
    const { computeType, model } = await denoiserOf(path);
    expect(computeType).toBe("float16");
    expect(model.inputs.map(({ name, shape }) => `${name} [${shape}]`)).toEqual([
      "x [2,3,32,32]",
      "sigma [2]",
      "labels [2,10]",
    ]);
  });

  it("has no weights to read, and says where they are", async () => {
    const path = join(folder, "toy.onnx");
    await writeOnnx(path, toy());
    await expect(readNetwork(path)).rejects.toMatchObject({
      reason: "NOT_SUPPORTED",
      message: expect.stringContaining("toy.onnx is an ONNX file, which is for inference only"),
    });
    const network = await denoiserOf(path);
    await expect(buildDenoiser(network, { computeType: "float16" })).rejects.toThrow("computes in float32");
    await expect(buildDenoiser(network, { activations: true })).rejects.toThrow("activations");
  });

  it("over 2 GiB is refused at export, with what to do", async () => {
    const graph = new Graph();
    const w = graph.parameter({ name: "w", type: "float32", shape: [2 ** 29], source: {}, factor: 1, cost: 0 });
    graph.output("y", graph.add(graph.input("x", ["N", 1]), w));
    const data = new Uint8Array(2 ** 31); // never touched, so it takes no memory
    const model = await toOnnx(graph, async ([parameter]) => [{ path: parameter!.path, data }]);
    expect(() => selfContained(model)).toThrow(/a single ONNX file at most 2147483647; float16 halves it/);
  });
});

describe("an ONNX file from elsewhere", () => {
  it("is served by its shapes; what only its maker knows is unknown", async () => {
    const model = await buildDenoiser(toy());
    expect(onnxNetwork(bytesOf(model, { producer: "someone" }), "net.onnx")).toMatchObject({
      ...{ config: undefined, encoding: undefined, provenance: {}, weightsDigest: undefined },
      ...{ sampleShape: [2], labelDim: 0, computeType: "float32" },
    });
  });

  const ports = (x: Shape, sigma: Shape = ["N"], type: ElementType = "float32") => {
    const g = new Graph();
    g.input("sigma", sigma);
    g.output("denoised", g.scale(g.input("x", x, type), 2));
    return g;
  };
  const withPort = (port: (g: Graph) => unknown) => {
    const g = ports(["N", 2]);
    port(g);
    return g;
  };
  const nothing = new Graph();
  nothing.output("y", nothing.scale(nothing.input("x", ["N", 2]), 2));

  it.each([
    ["no sigma", nothing, "there is no sigma, but x"],
    ["another input", withPort((g) => g.input("mask", ["N", 2])), "the input mask is unknown"],
    ["labels without a width", withPort((g) => g.input("labels", ["N"])), "labels is [N]"],
    ["samples of two axes", ports(["N", 3, 3]), "x is [N,3,3]"],
    ["another batch for sigma", ports([2, 2]), "sigma is [N] instead of [2]"],
    ["half precision in x", ports(["N", 2], ["N"], "float16"), "x is float16"],
    ["an axis too large", ports(["N", 2 ** 21]), 'its port "x" has extent 2097152 at axis 1; 1 to 1048576 are read'],
    ["samples too large", ports(["N", 2 ** 20, 2 ** 20, 1]), "x is [N,1048576,1048576,1], over 268435456 numbers"],
    ["a free image size", ports(["N", 3, "H", "W"]), 'its port "x" has a free extent at axis 2'],
  ])("with %s is refused, the port named", async (_, graph, message) => {
    const bytes = bytesOf(await toOnnx(graph));
    expect(() => onnxNetwork(bytes, "net.onnx")).toThrow(`net.onnx: ${message}`);
  });

  it("that describes another graph than it has is refused", async () => {
    const config = JSON.stringify({ kind: "edm2_unet", imgResolution: 8, imgChannels: 3 });
    const texts = { format: "tandem.network", config, encoding: "{}", provenance: "{}" };
    const bytes = bytesOf(await buildDenoiser(toy()), texts);
    expect(() => onnxNetwork(bytes, "net.onnx")).toThrow(
      "net.onnx: its metadata says samples [3,8,8] and 0 labels, its graph takes samples [2] and 0 labels",
    );
    const damaged = replaced(bytes, '{"kind"', '("kind"');
    expect(() => onnxNetwork(damaged, "net.onnx")).toThrow("net.onnx: the header's config is not JSON");
  });

  const edits: [string, [from: string, to: string] | null, Reason, string][] = [
    ["weights in other files", null, "UNSAFE_FILE", "its weights lie in other files"],
    ["an operator of its maker", ["Identity", "Evil_Op!"], "NOT_SUPPORTED", 'its operator "Evil_Op!" is none of'],
    ["an operator that reads files", ["Identity", "Constant"], "NOT_SUPPORTED", 'its operator "Constant" is none of'],
    [
      "an operator set of its maker",
      ["com.microsoft", "com.micro.evi"],
      "NOT_SUPPORTED",
      'its operator "com.micro.evi.',
    ],
  ];
  it.each(edits)("with %s is refused: onnxruntime never sees it", async (_, edit, reason, message) => {
    const model = await buildDenoiser(toy());
    const bytes = edit ? replaced(bytesOf(model), ...edit) : model.protobuf; // as built, the weights lie beside it
    const path = join(folder, "hostile.onnx");
    await writeFile(path, bytes);
    await expect(readDenoiser(path)).rejects.toMatchObject({
      reason,
      message: expect.stringContaining(`${path}: ${message}`),
    });
  });
});

describe("damaged ONNX files give a network or a DomainError, at once", () => {
  const read = (bytes: Uint8Array) => {
    const started = process.cpuUsage(); // of this process alone: what others do on the machine says nothing about the parser
    try {
      onnxNetwork(bytes, "damaged.onnx");
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
    } finally {
      const { user, system } = process.cpuUsage(started);
      expect((user + system) / 1000).toBeLessThan(1000);
    }
  };
  let whole: Buffer;
  beforeAll(async () => {
    const path = join(folder, "whole.onnx");
    await writeOnnx(path, toy());
    whole = await readFile(path);
  });

  it("with some bytes changed", () => {
    const change = fc.tuple(
      fc.nat({ max: 1e6 }).map((at) => at % whole.length),
      fc.nat({ max: 255 }),
    );
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const bytes = Uint8Array.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        read(bytes);
      }),
      { numRuns: 1000 },
    );
  });

  it("cut short, or with a piece removed or doubled", () => {
    const place = fc.nat({ max: 1e6 }).map((at) => at % whole.length);
    fc.assert(
      fc.property(place, place, (a, b) => {
        read(whole.subarray(0, a));
        read(Buffer.concat([whole.subarray(0, a), whole.subarray(b)]));
      }),
      { numRuns: 300 },
    );
  });

  /** What its parser would let through, a changed weight or extent, could make onnxruntime compute for hours. */
  it("that we exported are refused for every bit that is not as it was", async () => {
    const path = join(folder, "flipped.onnx");
    const bit = fc.tuple(
      fc.nat({ max: 1e6 }).map((at) => at % whole.length),
      fc.nat({ max: 7 }),
    );
    await fc.assert(
      fc.asyncProperty(bit, async ([at, shift]) => {
        const bytes = Uint8Array.from(whole);
        bytes[at] = bytes[at]! ^ (1 << shift);
        await writeFile(path, bytes);
        await expect(readDenoiser(path)).rejects.toBeInstanceOf(DomainError);
      }),
      { numRuns: 300 },
    );
  });

  it("of millions of fields, or nothing at all", () => {
    read(Buffer.alloc(64 << 20, Uint8Array.of(0x08, 0x01)));
    const nodes = Buffer.alloc(64 << 20, Uint8Array.of(0x0a, 0x00));
    const length = Buffer.from([0x3a, 0x80, 0x80, 0x80, 0x20]);
    expect(() => onnxNetwork(Buffer.concat([length, nodes]), "x.onnx")).toThrow();
    expect(() => onnxNetwork(new Uint8Array(), "x.onnx")).toThrow("x.onnx: there is no graph in it");
    expect(() => onnxNetwork(Buffer.from("hello, hello"), "x.onnx")).toThrow(/x.onnx: damaged/);
  });
});
