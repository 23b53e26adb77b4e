/** A call is repeated only where the contract says that it may be, and only after UNAVAILABLE. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import {
  DenoiserServiceDefinition,
  EmaReconstructorServiceDefinition,
  type EmaReconstructorServiceImplementation,
} from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { type CallInfo, type Channel, connect, createClient, GrpcService } from "./index.js";
import { EchoService, type Served, serve } from "./testing.js";

let creations = 0;

/** Never available. */
@GrpcService(EmaReconstructorServiceDefinition)
class AbsentService implements EmaReconstructorServiceImplementation<CallInfo> {
  async createReconstructionJob(): Promise<never> {
    creations++;
    throw new DomainError("SERVER_UNAVAILABLE", "not now");
  }
  async solveCoefficients(): Promise<never> {
    throw new DomainError("SERVER_UNAVAILABLE", "not now");
  }
}

let server: Served;
let channel: Channel;
let echo: EchoService;

beforeAll(async () => {
  server = await serve([EchoService, AbsentService]);
  channel = connect(server.address);
  echo = server.application.get(EchoService);
});
afterAll(async () => {
  channel.close();
  await server.close();
});
beforeEach(() => {
  echo.calls = 0;
  creations = 0;
});

describe("a call that meets UNAVAILABLE", () => {
  const unavailable = { reason: "SERVER_UNAVAILABLE", message: "not now" };

  it("is tried once more when it has no side effects", async () => {
    const failed = createClient(DenoiserServiceDefinition, channel).denoise({ model: "reason/SERVER_UNAVAILABLE" });
    await expect(failed).rejects.toMatchObject({ reason: "SERVER_UNAVAILABLE" });
    expect(echo.calls).toBe(2);
  });

  it("is tried once when its caller wants it so", async () => {
    const client = createClient(DenoiserServiceDefinition, channel);
    await client.denoise({ model: "reason/SERVER_UNAVAILABLE" }, { retry: false }).catch(() => undefined);
    expect(echo.calls).toBe(1);
  });

  it("is tried once when it creates something", async () => {
    const client = createClient(EmaReconstructorServiceDefinition, channel);
    await expect(client.createReconstructionJob({})).rejects.toMatchObject(unavailable);
    expect(creations).toBe(1);
  });

  it("is tried once more when its request_id makes the creation unique", async () => {
    const client = createClient(EmaReconstructorServiceDefinition, channel);
    await expect(client.createReconstructionJob({ requestId: "r-1" })).rejects.toMatchObject(unavailable);
    expect(creations).toBe(2);
  });
});

it.each(["QUEUE_FULL", "NOT_FINITE", "WORKER_LOST", "CHECKSUM_MISMATCH"])("%s is never tried again", async (reason) => {
  const client = createClient(DenoiserServiceDefinition, channel);
  await expect(client.denoise({ model: `reason/${reason}` })).rejects.toMatchObject({ reason });
  expect(echo.calls).toBe(1);
});
