/** @file The sampler as a Nest application: its domain, its three services, its beginning and its end. */
import {
  type DynamicModule,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from "@nestjs/common";
import { GrpcModule, grpcOptions, Metrics } from "@tandem/rpc";
import type { Logger } from "pino";
import { AutoencoderController } from "./autoencoder/autoencoder.controller.js";
import type { SamplerConfig } from "./config/config.js";
import { DebugLog } from "./debug/debug-log.js";
import { DenoiserController } from "./denoise/denoiser.controller.js";
import { OpenSessions } from "./denoise/open-sessions.js";
import { createDomain, type SamplerDomain } from "./domain.js";
import { SamplerMetrics } from "./metrics/sampler-metrics.js";
import { CostCounter } from "./models/cost-counter.js";
import { type InitialModel, listInitialModels, loadInitialModels } from "./models/initial-models.js";
import { ModelController } from "./models/model.controller.js";
import { ModelStore } from "./models/model-store.js";
import { SamplerController } from "./sample/sampler.controller.js";
import { Sampler } from "./sample/sampler.js";

/**
 * Loads the listed models, and ends the runtime when no call needs it any more. Nest calls onModuleInit of all before it starts
 * the gRPC server, and onApplicationBootstrap of this after it, since GrpcModule is global: models are LOADING for who asks
 * early, and the process is ready when this is.
 */
class ModelLife implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  #loaded: Promise<void> = Promise.resolve();

  constructor(
    private readonly domain: SamplerDomain,
    private readonly initial: readonly InitialModel[],
    private readonly config: SamplerConfig,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.#loaded = loadInitialModels(this.domain.models, this.initial, this.logger);
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.ready === "loaded") await this.#loaded;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.domain.runtime.close();
  }
}

/** A sampler process. */
@Module({})
// biome-ignore lint/complexity/noStaticOnlyClass: a Nest module is a class, a dynamic one has a static method.
export class SamplerModule {
  /**
   * @param wire makes the domain; tests put a slower network under it
   * @throws DomainError FIELD_INVALID for a folder of models that cannot be read
   */
  static async forRoot(config: SamplerConfig, logger: Logger, wire = createDomain): Promise<DynamicModule> {
    const initial = await listInitialModels(config.model, config.models);
    const domain = wire(config, initial, new DebugLog((facts, message) => logger.debug(facts, message)));
    const life = new ModelLife(domain, initial, config, logger);
    return {
      module: SamplerModule,
      imports: [GrpcModule.forRoot(grpcOptions(config, logger))],
      providers: [
        ModelController,
        AutoencoderController,
        DenoiserController,
        SamplerController,
        { provide: ModelStore, useValue: domain.models },
        { provide: CostCounter, useValue: domain.costs },
        { provide: OpenSessions, useValue: domain.sessions },
        { provide: Sampler, useValue: domain.sampler },
        { provide: ModelLife, useValue: life },
        { provide: SamplerMetrics, inject: [Metrics], useFactory: ({ registry }: Metrics) => domain.watch(registry) },
      ],
    };
  }
}
