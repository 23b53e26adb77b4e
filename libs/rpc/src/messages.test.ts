/** Large messages, both ways; what is written is what BinaryWriter writes. */
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { DenoiseRequest, DenoiserServiceDefinition, GenerateResponse } from "@tandem/contracts";
import fc from "fast-check";
import { type Channel, type Client, connect, createClient, MAX_MESSAGE_BYTES } from "./index.js";
import { SpliceWriter } from "./splice-writer.js";
import { EchoService, type Served, serve } from "./testing.js";

let server: Served;
let channel: Channel;
let client: Client<typeof DenoiserServiceDefinition>;

beforeAll(async () => {
  server = await serve([EchoService]);
  channel = connect(server.address);
  client = createClient(DenoiserServiceDefinition, channel);
});
afterAll(async () => {
  channel.close();
  await server.close();
});

const tensor = (size: number) => ({ x: { data: new Uint8Array(size).fill(7) } });

/** Payload of a request that is exactly `size` bytes long. */
function payloadFor(size: number): number {
  const payload = size - 16;
  return payload + size - DenoiseRequest.encode(DenoiseRequest.fromPartial(tensor(payload))).finish().length;
}

describe("a message", () => {
  it("of 64 MiB goes both ways", async () => {
    const size = payloadFor(MAX_MESSAGE_BYTES);
    const { denoised } = await client.denoise(tensor(size));
    expect(denoised?.data.length).toBe(size);
    expect(denoised?.data[size - 1]).toBe(7);
  });

  it("of one byte more is LIMIT_EXCEEDED, and the server lives", async () => {
    const failed = client.denoise(tensor(payloadFor(MAX_MESSAGE_BYTES) + 1));
    await expect(failed).rejects.toMatchObject({ reason: "LIMIT_EXCEEDED" });
    expect((await client.denoise(tensor(4))).denoised?.data.length).toBe(4);
  });
});

describe("the splicing writer", () => {
  const bytes = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 200 }), fc.integer({ min: 4090, max: 20_000 }));

  it("writes nested messages like the stock writer", () => {
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 4 }), fc.string(), (sizes, text) => {
        const message = DenoiseRequest.fromPartial({
          model: text,
          x: { shape: sizes, data: new Uint8Array(sizes[0] ?? 0).fill(1) },
          sigma: sizes,
          labels: { kind: { $case: "vectors", value: { data: new Uint8Array(sizes[1] ?? 0).fill(2) } } },
        });
        const spliced = DenoiseRequest.encode(message, new SpliceWriter()).finish();
        expect(Buffer.compare(spliced, DenoiseRequest.encode(message).finish())).toBe(0);
      }),
    );
  });

  it("writes large bytes at any depth", () => {
    const message = GenerateResponse.fromPartial({
      event: { $case: "image", value: { data: new Uint8Array(100_000).fill(3) } },
    });
    const spliced = GenerateResponse.encode(message, new SpliceWriter()).finish();
    expect(Buffer.compare(spliced, GenerateResponse.encode(message).finish())).toBe(0);
  });
});
