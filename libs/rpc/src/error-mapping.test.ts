/** Errors cross a real connection and come out as they went in, or as one that names the server. */
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { DenoiserServiceDefinition, ModelServiceDefinition } from "@tandem/contracts";
import { DomainError, type Reason, reasons } from "@tandem/errors";
import { type Channel, type Client, connect, createClient, statusOf } from "./index.js";
import { EchoService, type Served, serve } from "./testing.js";

let server: Served;
let channel: Channel;
let client: Client<typeof DenoiserServiceDefinition>;

beforeAll(async () => {
  server = await serve([EchoService]);
  channel = connect(server.address, { name: "servers/net" });
  client = createClient(DenoiserServiceDefinition, channel, { "*": { retry: false } });
});
afterAll(async () => {
  channel.close();
  await server.close();
});

describe("an error of a handler", () => {
  it.each(Object.keys(reasons) as Reason[])("%s keeps reason, metadata, resource and wait", async (reason) => {
    const error = await client.denoise({ model: `reason/${reason}` }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DomainError);
    expect(error).toMatchObject({
      reason,
      message: "as asked",
      details: { resource: "models/net", metadata: { expected: "24", actual: "23" }, retryAfterMs: 1500 },
    });
  });

  it("names the field", async () => {
    const error = await client.denoise({ model: "field", sigma: [-1] }).catch((e: unknown) => e);
    expect(error).toMatchObject({ reason: "FIELD_INVALID", details: { field: "sigma" } });
    expect((error as Error).message).toBe("sigma is -1; it must be positive and finite");
  });

  it("that is a bug tells nothing of itself", async () => {
    const error = await client.denoise({ model: "bug" }).catch((e: unknown) => e);
    expect(error).not.toBeInstanceOf(DomainError);
    expect((error as Error).message).toContain("servers/net");
    expect((error as Error).message).toContain("internal error");
    expect(String((error as Error).stack)).not.toContain("secret");
  });

  it("that is too long arrives shortened", async () => {
    const error = await client.denoise({ model: "long" }).catch((e: unknown) => e);
    expect(error).toMatchObject({ reason: "OUTPUT_EXISTS" });
    expect((error as Error).message.length).toBeLessThan(2000);
  });
});

describe("a failure without a reason", () => {
  it("of a service that is not there is NOT_SUPPORTED and names the server", async () => {
    const models = createClient(ModelServiceDefinition, channel);
    const error = await models.listModels({}).catch((e: unknown) => e);
    expect(error).toMatchObject({ reason: "NOT_SUPPORTED", details: { metadata: { server: "servers/net" } } });
  });

  it("of a server that is not there is SERVER_UNAVAILABLE and names it", async () => {
    using nowhere = connect("127.0.0.1:1", { name: "servers/gone" });
    const error = await createClient(DenoiserServiceDefinition, nowhere)
      .denoise({})
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ reason: "SERVER_UNAVAILABLE", details: { metadata: { server: "servers/gone" } } });
    expect((error as Error).message).toContain("servers/gone");
  });
});

it("gives every reason the status that the contract states", () => {
  expect(statusOf("TOKEN_REFUSED")).toBe(16);
  expect(statusOf("QUEUE_FULL")).toBe(8);
  expect(statusOf("NOT_FINITE")).toBe(13);
});
