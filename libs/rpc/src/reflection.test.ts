/** Tools that know nothing of the contract learn it from the server: buf curl lists, describes and calls every service. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import * as contracts from "@tandem/contracts";
import { HealthDefinition } from "nice-grpc-server-health";
import { type Channel, connect, createClient, type GrpcServer } from "./index.js";
import { EchoService, type Served, serve, until } from "./testing.js";

const buf = fileURLToPath(new URL("../../../node_modules/.bin/buf", import.meta.url));
let server: Served;
let channel: Channel;

beforeAll(async () => {
  server = await serve([EchoService]);
  channel = connect(server.address);
});
afterAll(async () => {
  channel.close();
  await server.close();
});

async function curl(path: string, ...args: string[]): Promise<string> {
  const flags = ["curl", "--protocol", "grpc", "--http2-prior-knowledge", ...args, `http://${server.address}${path}`];
  const { stdout } = await promisify(execFile)(buf, flags, { env: { ...process.env, NO_PROXY: "127.0.0.1" } });
  return stdout;
}

(existsSync(buf) ? describe : describe.skip)("buf curl", () => {
  it("lists the services", async () => {
    const listed = (await curl("", "--list-services")).trim().split("\n").sort();
    expect(listed).toEqual(["grpc.health.v1.Health", "tandem.v1.DenoiserService"]);
  });

  it.each(["grpc-v1", "grpc-v1alpha"])("calls by what %s reflection says", async (protocol) => {
    const request = '{"model":"echo","x":{"dataType":"DATA_TYPE_UINT8","shape":[3],"data":"AQID"}}';
    const answer = await curl("/tandem.v1.DenoiserService/Denoise", "-d", request, "--reflect-protocol", protocol);
    expect(JSON.parse(answer)).toEqual({ denoised: JSON.parse(request).x });
  });

  it("calls a stream", async () => {
    const answer = await curl("/tandem.v1.DenoiserService/DenoiseStream", "-d", '{"open":{}}{"step":{"x":"AQID"}}');
    expect(answer.replaceAll(/\s/g, "")).toBe('{"opened":{"maxInFlight":2}}{"result":{"denoised":"AQID"}}');
  });

  it("calls health", async () => {
    expect(JSON.parse(await curl("/grpc.health.v1.Health/Check", "-d", "{}"))).toEqual({ status: "SERVING" });
  });

  it("shows the reason of an error", async () => {
    const { stderr } = await curl("/tandem.v1.DenoiserService/Denoise", "-d", '{"model":"field","sigma":[-1]}').then(
      () => ({ stderr: "{}" }),
      (error: { stderr: string }) => error,
    );
    const { code, details } = JSON.parse(stderr) as {
      code: string;
      details: { type: string }[];
    };
    expect(code).toBe("invalid_argument");
    expect(details.map((detail) => detail.type)).toEqual(["google.rpc.ErrorInfo", "google.rpc.BadRequest"]);
  });
});

describe("health", () => {
  const setServing = (...args: Parameters<GrpcServer["setServing"]>) => server.server.setServing(...args);

  it("is told per service, and watched", async () => {
    const health = createClient(HealthDefinition, channel);
    const service = contracts.DenoiserServiceDefinition.fullName;
    const seen: number[] = [];
    const controller = new AbortController();
    const watching = (async () => {
      for await (const { status } of health.watch({ service }, { signal: controller.signal })) seen.push(status);
    })().catch(() => undefined);
    await until("first status", () => seen.length === 1);
    setServing(service, false);
    await until("second status", () => seen.length === 2);
    expect((await health.check({ service })).status).toBe(2);
    expect((await health.check({ service: "" })).status).toBe(1);
    setServing(service, true);
    await until("third status", () => seen.length === 3);
    expect(seen).toEqual([1, 2, 1]);
    controller.abort();
    await watching;
    await expect(health.check({ service: "no.such.Service" })).rejects.toMatchObject({ reason: "RESOURCE_NOT_FOUND" });
  });
});
