/** @file For tests: a whole sampler in this process, on a loopback port, and clients of it. */
import { NestFactory } from "@nestjs/core";
import { DenoiserServiceDefinition, ModelServiceDefinition, SamplerServiceDefinition } from "@tandem/contracts";
import { type Channel, type Client, connect, createClient, GrpcServer } from "@tandem/rpc";
import { pino } from "pino";
import { samplerConfig } from "../config/config.js";
import { createDomain, type SamplerDomain } from "../domain.js";
import { SamplerModule } from "../sampler.module.js";
import { PausingRuntime } from "./pausing-runtime.js";
import "reflect-metadata";

/** Clients of the three services over one connection. */
export interface Clients {
  readonly channel: Channel;
  readonly models: Client<typeof ModelServiceDefinition>;
  readonly denoiser: Client<typeof DenoiserServiceDefinition>;
  readonly sampler: Client<typeof SamplerServiceDefinition>;
}

/** A sampler that runs, with what tests look into. */
export interface RunningSampler extends Clients, AsyncDisposable {
  readonly address: string;
  readonly server: GrpcServer;
  readonly domain: SamplerDomain;
  readonly runtime: PausingRuntime;
}

/** Clients of a sampler. */
export function clientsOf(address: string): Clients {
  const channel = connect(address);
  return {
    channel,
    models: createClient(ModelServiceDefinition, channel),
    denoiser: createClient(DenoiserServiceDefinition, channel),
    sampler: createClient(SamplerServiceDefinition, channel),
  };
}

/** Starts a sampler with flags as on the command line. Real: wire, services, networks, onnxruntime on one core. */
export async function startSampler(...args: string[]): Promise<RunningSampler> {
  const config = samplerConfig(["--listen", "127.0.0.1:0", "--device", "cpu", "--threads", "1", ...args], {});
  let domain: SamplerDomain | undefined;
  const module = await SamplerModule.forRoot(config, pino({ level: "silent" }), (given, initial, debug) => {
    domain = createDomain(given, initial, debug, (options) => new PausingRuntime(options));
    return domain;
  });
  const application = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  const server = application.get(GrpcServer);
  const clients = clientsOf(server.address);
  return {
    ...clients,
    address: server.address,
    server,
    domain: domain!,
    runtime: domain!.runtime as PausingRuntime,
    async [Symbol.asyncDispose]() {
      clients.channel.close();
      await application.close();
    },
  };
}
