/** @file The gateway's one Nest module: which objects there are, and when the registry begins and ends. */
import { type DynamicModule, Inject, Module, type OnApplicationShutdown, type OnModuleInit } from "@nestjs/common";
import { debugLevel, GrpcModule, Metrics } from "@tandem/rpc";
import type { Logger } from "pino";
import { AutoencoderController } from "./autoencoder/autoencoder.controller.js";
import type { GatewayConfig } from "./config.js";
import { DenoiserController } from "./denoise/denoiser.controller.js";
import { forwardedServices } from "./forward/index.js";
import { GatewayController } from "./generate/gateway.controller.js";
import { Generator } from "./generate/generator.js";
import { PresetStore } from "./presets/preset-store.js";
import { GatewayMetrics } from "./registry/gateway-metrics.js";
import { ModelController } from "./registry/model.controller.js";
import { Models } from "./registry/models.js";
import { Registry } from "./registry/registry.js";
import { Resolver } from "./registry/resolver.js";
import { SamplerController } from "./sampling/sampler.controller.js";
import { Sampler } from "./sampling/sampler.js";

/**
 * Serves GatewayService, and ModelService, DenoiserService, SamplerService and AutoencoderService for all configured servers; passes on what the
 * others among them serve.
 */
@Module({})
export class GatewayModule implements OnModuleInit, OnApplicationShutdown {
  constructor(@Inject(Registry) private readonly registry: Registry) {}

  /** @throws DomainError for a preset file or an address that cannot be used */
  static async forRoot(config: GatewayConfig, logger: Logger): Promise<DynamicModule> {
    const { listen, tls, tokens, insecure, metrics } = config;
    const registry = new Registry(config.servers, config.deadlines);
    const resolver = new Resolver(registry, config);
    if (debugLevel() >= 2) logSteps(registry, resolver, logger);
    const presets = await PresetStore.load(config.presets);
    return {
      module: GatewayModule,
      imports: [
        GrpcModule.forRoot({
          listen,
          ...(tls && { tls }),
          tokens,
          insecure,
          logger,
          ...(metrics && { metrics: { ...metrics, tokens, insecure } }),
        }),
      ],
      providers: [
        { provide: Registry, useValue: registry },
        { provide: Resolver, useValue: resolver },
        { provide: PresetStore, useValue: presets },
        { provide: Models, useValue: new Models(registry, resolver, config.rewrites) },
        { provide: Generator, useValue: new Generator(config, presets, resolver) },
        { provide: Sampler, useValue: new Sampler(config, resolver) },
        {
          provide: GatewayMetrics,
          inject: [Metrics],
          useFactory: ({ registry: prometheus }: Metrics) => new GatewayMetrics(registry, prometheus),
        },
        GatewayController,
        ModelController,
        AutoencoderController,
        DenoiserController,
        SamplerController,
        ...forwardedServices,
      ],
    };
  }

  /** The first call already finds the servers that are up. */
  async onModuleInit(): Promise<void> {
    await this.registry.start();
  }

  /** After the draining: calls that finish still need the servers. */
  onApplicationShutdown(): void {
    this.registry.stop();
  }
}

/** TANDEM_DEBUG=2: every step with its noise level, weights and servers; every evaluation with its server and times. */
function logSteps({ servers }: Registry, resolver: Resolver, logger: Logger): void {
  resolver.stepObservers.push((step) => logger.debug(step, "step"));
  for (const { name, latencies } of servers)
    latencies.observers.push((evaluation) => logger.debug({ server: name, ...evaluation }, "evaluation"));
}
