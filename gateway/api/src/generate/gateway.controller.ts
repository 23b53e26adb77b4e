/** @file GatewayService: request to generation to response. */
import {
  type CreateGenerationJobResponse,
  GatewayServiceDefinition,
  type GenerateRequest,
  type GenerateResponse,
  type ListGenerationPresetsRequest,
  type ListGenerationPresetsResponse,
  type ListServersRequest,
  type ListServersResponse,
} from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { type CallContext, GrpcService, onBehalfOf, present } from "@tandem/rpc";
import { pageOf } from "../page.js";
import { PresetStore } from "../presets/preset-store.js";
import { Registry } from "../registry/registry.js";
import { toServerMessage } from "../registry/server-message.js";
import { Generator } from "./generator.js";

@GrpcService(GatewayServiceDefinition)
export class GatewayController {
  constructor(
    private readonly generator: Generator,
    private readonly presets: PresetStore,
    private readonly registry: Registry,
  ) {}

  async *generate({ spec }: GenerateRequest, context: CallContext): AsyncGenerator<GenerateResponse> {
    const { signal, metadata } = onBehalfOf(context);
    for await (const event of this.generator.generate(present(spec, "spec"), signal, metadata)) yield { event };
  }

  async createGenerationJob(): Promise<CreateGenerationJobResponse> {
    throw new DomainError("NOT_SUPPORTED", "this gateway keeps no jobs; Generate makes up to 10,000 images at once");
  }

  async listGenerationPresets(request: ListGenerationPresetsRequest): Promise<ListGenerationPresetsResponse> {
    const { items, nextPageToken } = pageOf(this.presets.list(), request);
    return { generationPresets: items, nextPageToken };
  }

  async listServers(request: ListServersRequest): Promise<ListServersResponse> {
    const { items, nextPageToken } = pageOf(this.registry.servers.map(toServerMessage), request);
    return { servers: items, nextPageToken };
  }
}
