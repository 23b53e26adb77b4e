/**
 * @file Latent networks through Generate, end to end over real gRPC: net, gnet and autoencoder on three servers. Closed forms:
 * networks and decoder. Who decodes with the wrong statistics, or another autoencoder, gets pictures that are nearly right.
 */
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  AutoencoderServiceDefinition,
  ImageFormat,
  ModelKind,
  readPixels,
  wireTypes,
  writeTensor,
} from "@tandem/contracts";
import { connect, createClient, Metadata } from "@tandem/rpc";
import sharp from "sharp";
import { readText } from "../images/text-chunk.js";
import type { TestModel } from "../testing/gaussian-models.js";
import { type SpecParts, type StartedGateway, startGateway } from "../testing/start-gateway.js";
import { type StartedPeer, startPeer } from "../testing/start-peer.js";

const latents = { sampleShape: [4, 4, 4], encoding: "latent", autoencoder: "acme/tiny-vae" } as const;
const net: TestModel = { name: "models/net", spread: 0.5, source: "file:///weights/net.pkl", ...latents };
const gnet: TestModel = { name: "models/gnet", spread: 0.8, labelDim: 0, ...latents };
const vae: TestModel = {
  name: "models/vae",
  kind: "autoencoder",
  sampleShape: [3, 8, 8],
  maxBatchSize: 8,
  source: "file:///hub/acme/tiny-vae/weights.safetensors",
};

const spec = (parts: SpecParts = {}): SpecParts => ({
  seeds: [{ first: 0n, last: 5n }],
  sampling: {
    model: "servers/a/models/net",
    guidance: [{ model: "servers/b/models/gnet", weight: 2 }],
    schedule: { numSteps: 4 },
  },
  autoencoder: "servers/c/models/vae",
  ...parts,
});

let peers: Record<"a" | "b" | "c" | "d", StartedPeer>;
let gateway: StartedGateway;
beforeAll(async () => {
  const [a, b, c, d] = await Promise.all([startPeer([net]), startPeer([gnet]), startPeer([vae]), startPeer([vae])]);
  peers = { a, b, c, d };
  gateway = await startGateway({ a: a.address, b: b.address, c: c.address, d: d.address });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await Promise.all(Object.values(peers).map(({ served }) => served.close()));
});

const files = async (parts?: SpecParts) => (await gateway.images(spec(parts))).map(({ data }) => Buffer.from(data));

describe("a latent network's images", () => {
  it("are its samples, decoded with its own statistics on the server that has the autoencoder", async () => {
    const before = peers.c.peer.decoded;
    const images = await gateway.images(spec());
    expect(peers.c.peer.decoded - before).toBe(6);
    expect(images[0]!.info).toMatchObject({ width: 8, height: 8 });
    const [npy] = await gateway.images(spec({ format: ImageFormat.IMAGE_FORMAT_NPY }));
    const samples = new Float32Array(Uint8Array.from(npy!.data.subarray(-256)).buffer);
    const pixels = await sharp(images[0]!.data).raw().toBuffer();
    const expected = Buffer.from(
      Array.from({ length: 192 }, (_, i) => {
        const [c, x, y] = [i % 3, Math.floor(i / 3) % 8, Math.floor(i / 24)];
        const raw = (samples[c * 16 + (y >> 1) * 4 + (x >> 1)]! / 0.5) * 0.1 + 0.6;
        return Math.trunc(Math.min(Math.max(raw, 0), 1) * 255);
      }),
    );
    expect(pixels).toEqual(expected);
  });

  it("are the same bytes in any batch, sampled or decoded, and as raw pixels", async () => {
    const whole = await files();
    expect(await files({ batchSize: 2 })).toEqual(whole);
    expect(await files({ decodeBatchSize: 1 })).toEqual(whole);
    expect(await files({ decodeBatchSize: 100 })).toEqual(whole);
    const raw = await files({ format: ImageFormat.IMAGE_FORMAT_RGB8 });
    expect(raw[2]).toEqual(await sharp(whole[2]!).raw().toBuffer());
  });

  it("say in their settings which autoencoder made them, in the file without a server", async () => {
    const [plan] = await gateway.generate(spec({ seeds: [{ first: 3n, last: 3n }] }));
    expect(plan).toMatchObject({
      value: { servers: ["servers/a", "servers/b", "servers/c"], spec: { autoencoder: "servers/c/models/vae" } },
    });
    const [image] = await gateway.images(spec({ seeds: [{ first: 3n, last: 3n }] }));
    expect(Object.keys(image!.info!.weightsDigests)).toContain("servers/c/models/vae");
    const text = JSON.parse(readText(image!.data, "tandem")!) as { weightsDigests: Record<string, string> };
    expect(text.weightsDigests["weights.safetensors"]).toMatch(/^sha256:/);
    expect(JSON.stringify(text)).not.toMatch(/servers\//);
  });

  it("are previewed in their colors once some were decoded", async () => {
    await using fresh = await startGateway({ a: peers.a.address, b: peers.b.address, c: peers.c.address });
    const seen = async () => {
      const events = await fresh.generate(spec({ previews: { everySteps: 4, maxSize: 64 } }));
      const previews = events.flatMap((event) => (event.$case === "preview" ? [event.value] : []));
      const images = events.flatMap((event) => (event.$case === "image" ? [event.value] : []));
      const seed = images[0]!.info!.seed;
      const preview = await sharp(previews.find(({ index }) => index === seed)!.data)
        .raw()
        .toBuffer();
      const image = await sharp(images[0]!.data).raw().toBuffer();
      const differences = preview.map((value, i) => {
        const [c, x, y] = [i % 3, Math.floor(i / 3) % 4, Math.floor(i / 12)];
        return Math.abs(value - image[(2 * y * 8 + 2 * x) * 3 + c]!);
      });
      return differences.reduce((sum, value) => sum + value, 0) / differences.length;
    };
    const [first, second] = [await seen(), await seen()];
    expect(second).toBeLessThan(first / 2);
  });

  it("are decoded by any holder, by the one left when a server is lost in the middle", async () => {
    const whole = await files();
    const doomed = await startPeer([vae]);
    await using other = await startGateway({
      a: peers.a.address,
      b: peers.b.address,
      doomed: doomed.address,
      d: peers.d.address,
    });
    let closing: Promise<void> | undefined;
    doomed.peer.onDecode = async () => {
      closing ??= doomed.served.close();
      await new Promise(() => {});
    };
    const before = peers.d.peer.decoded;
    const images = await other.images(spec({ autoencoder: "servers/doomed/models/vae", decodeBatchSize: 2 }));
    await closing;
    expect(images.map(({ data }) => Buffer.from(data))).toEqual(whole);
    expect(peers.d.peer.decoded - before).toBe(6);
  });

  it("are decoded by the autoencoder that the network names, where a server has that", async () => {
    expect(await files({ autoencoder: "" })).toEqual(await files());
    await using other = await startGateway({ a: peers.a.address, b: peers.b.address });
    await expect(other.images(spec({ autoencoder: "" }))).rejects.toMatchObject({
      reason: "NOT_SUPPORTED",
      details: { field: "spec.autoencoder" },
      message: expect.stringMatching(/latents of acme\/tiny-vae.*spec\.autoencoder.*IMAGE_FORMAT_NPY/),
    });
  });

  it("stop being decoded when nobody waits for them", async () => {
    const abort = new AbortController();
    const slow = await startPeer([vae]);
    await using other = await startGateway({ a: peers.a.address, b: peers.b.address, slow: slow.address });
    slow.peer.onDecode = async () => {
      abort.abort();
      await new Promise((resolve) => setTimeout(resolve, 50));
    };
    const run = other.images(spec({ autoencoder: "servers/slow/models/vae", decodeBatchSize: 1 }), abort.signal);
    await expect(run).rejects.toMatchObject({ name: "AbortError" });
    expect(slow.peer.decoded).toBeLessThanOrEqual(2);
    await slow.served.close();
  });
});

describe("an autoencoder that does not fit is refused before anything is computed:", () => {
  it.each([
    ["a denoiser", spec({ autoencoder: "servers/b/models/gnet" }), "MODEL_INCOMPATIBLE", /is no autoencoder/],
    [
      "one that is not there",
      spec({ autoencoder: "servers/c/models/vea" }),
      "RESOURCE_NOT_FOUND",
      /did you mean servers\/c\/models\/vae/,
    ],
    [
      "an autoencoder as the network",
      spec({ sampling: { model: "servers/c/models/vae" } }),
      "MODEL_INCOMPATIBLE",
      /is no denoiser/,
    ],
  ])("%s", async (_, wrong, reason, message) => {
    const before = peers.a.peer.evaluationCount;
    await expect(gateway.images(wrong)).rejects.toMatchObject({ reason, message: expect.stringMatching(message) });
    expect(peers.a.peer.evaluationCount).toBe(before);
  });

  it("any, for a network that makes pixels", async () => {
    await using rgb = await startPeer([{ name: "models/net" }]);
    await using other = await startGateway({ a: rgb.address, c: peers.c.address });
    const wrong = spec({ sampling: { model: "servers/a/models/net" } });
    await expect(other.images(wrong)).rejects.toMatchObject({ reason: "FIELD_INVALID", message: /makes pixels/ });
  });

  it("one of other latents", async () => {
    await using wide = await startPeer([{ ...net, sampleShape: [8, 4, 4] }]);
    await using other = await startGateway({ a: wide.address, c: peers.c.address });
    const wrong = spec({ sampling: { model: "servers/a/models/net" } });
    await expect(other.images(wrong)).rejects.toMatchObject({ message: /it has 4 latent channels, not 8/ });
  });
});

describe("AutoencoderService through the gateway", () => {
  it("goes to a holder, whichever server it is, under the gateway's names", async () => {
    const channel = connect(gateway.address);
    const client = createClient(AutoencoderServiceDefinition, channel);
    const tensor = writeTensor({ shape: [1, 4, 2, 2], data: new Float32Array(16).fill(0.5) }, wireTypes[0]!);
    const metadata = Metadata({ "x-request-id": "decoding" });
    const { pixels } = await client.decode({ model: "servers/-/models/vae", latents: tensor }, { metadata });
    expect(readPixels(pixels, "pixels").data).toEqual(new Uint8Array(48).fill(127));
    expect([peers.c, peers.d].some(({ peer }) => peer.requestIds.has("decoding"))).toBe(true);
    await expect(client.decode({ model: "servers/a/models/net", latents: tensor })).rejects.toMatchObject({
      reason: "MODEL_INCOMPATIBLE",
    });
    channel.close();
  });

  it("has its models in the list, and describes one", async () => {
    const { models } = await gateway.models.listModels({});
    const kinds = models.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === ModelKind.MODEL_KIND_AUTOENCODER)).toHaveLength(2);
    const { model } = await gateway.models.getModel({ name: "servers/-/models/vae" });
    expect(model).toMatchObject({ kind: ModelKind.MODEL_KIND_AUTOENCODER });
  });
});
