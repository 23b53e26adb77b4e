/** @file Starts a gateway in this process, over given servers. */
import "reflect-metadata";
import { NestFactory } from "@nestjs/core";
import {
  DenoiserServiceDefinition,
  GatewayServiceDefinition,
  type GeneratedImage,
  type GenerateResponse,
  type GenerationSpec,
  ModelServiceDefinition,
  SamplerServiceDefinition,
} from "@tandem/contracts";
import { type Client, connect, createClient, GrpcServer, Metrics } from "@tandem/rpc";
import { pino } from "pino";
import { parseConfig } from "../config.js";
import { GatewayModule } from "../gateway.module.js";
import { Registry } from "../registry/registry.js";

/** Parts of a spec, as clients give them. */
export type SpecParts = Parameters<typeof GenerationSpec.fromPartial>[0];

/** A gateway and a client of each of its services. */
export interface StartedGateway extends AsyncDisposable {
  readonly address: string;
  readonly registry: Registry;
  /** What Prometheus would read. */
  metrics(): Promise<string>;
  readonly gateway: Client<GatewayServiceDefinition>;
  readonly models: Client<ModelServiceDefinition>;
  readonly denoiser: Client<DenoiserServiceDefinition>;
  readonly sampler: Client<SamplerServiceDefinition>;
  /** All events of a generation. */
  generate(spec: SpecParts, signal?: AbortSignal): Promise<NonNullable<GenerateResponse["event"]>[]>;
  /** The images of a generation, in order of seed. */
  images(spec: SpecParts, signal?: AbortSignal): Promise<GeneratedImage[]>;
}

/**
 * @param servers  addresses by name, with the token where one is asked for
 * @param config   what else the configuration file would say
 */
export async function startGateway(
  servers: Readonly<Record<string, string | { address: string; token?: string }>>,
  config: Readonly<Record<string, unknown>> = {},
): Promise<StartedGateway> {
  const entries = Object.entries(servers).map(([name, server]) => ({
    name,
    ...(typeof server === "string" ? { address: server } : server),
  }));
  const checked = parseConfig({ listen: "127.0.0.1:0", servers: entries, ...config }, process.cwd(), "test");
  const module = await GatewayModule.forRoot(checked, pino({ level: "silent" }));
  const application = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  const { address } = application.get(GrpcServer);
  const channel = connect(address, { name: "gateway" });
  const gateway = createClient(GatewayServiceDefinition, channel);
  const generate = async (spec: SpecParts, signal?: AbortSignal) => {
    const events: NonNullable<GenerateResponse["event"]>[] = [];
    for await (const { event } of gateway.generate({ spec }, signal ? { signal } : {})) if (event) events.push(event);
    return events;
  };
  return {
    address,
    registry: application.get(Registry),
    metrics: () => application.get(Metrics).text(),
    gateway,
    models: createClient(ModelServiceDefinition, channel),
    denoiser: createClient(DenoiserServiceDefinition, channel),
    sampler: createClient(SamplerServiceDefinition, channel),
    generate,
    images: async (spec, signal) =>
      (await generate(spec, signal))
        .flatMap((event) => (event.$case === "image" ? [event.value] : []))
        .sort((a, b) => Number(a.info!.seed - b.info!.seed)),
    [Symbol.asyncDispose]: async () => {
      channel.close();
      await application.close();
    },
  };
}
