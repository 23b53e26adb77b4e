/** @file ModelService for the models of all servers. */
import {
  type CountFlopsRequest,
  type CountFlopsResponse,
  type GetModelRequest,
  type GetModelResponse,
  type ListModelsRequest,
  type ListModelsResponse,
  type LoadModelRequest,
  type LoadModelResponse,
  ModelServiceDefinition,
  type UnloadModelRequest,
  type UnloadModelResponse,
} from "@tandem/contracts";
import { type CallContext, GrpcService, onBehalfOf } from "@tandem/rpc";
import { pageOf } from "../page.js";
import { Models } from "./models.js";

@GrpcService(ModelServiceDefinition)
export class ModelController {
  constructor(private readonly models: Models) {}

  async listModels(request: ListModelsRequest): Promise<ListModelsResponse> {
    const { items, nextPageToken } = pageOf(await this.models.list(request.parent), request);
    return { models: items, nextPageToken };
  }

  async getModel({ name }: GetModelRequest): Promise<GetModelResponse> {
    return { model: await this.models.get(name) };
  }

  async loadModel(request: LoadModelRequest, context: CallContext): Promise<LoadModelResponse> {
    return { model: await this.models.load(request, onBehalfOf(context)) };
  }

  async unloadModel({ name }: UnloadModelRequest, context: CallContext): Promise<UnloadModelResponse> {
    return { model: await this.models.unload(name, onBehalfOf(context)) };
  }

  async countFlops(request: CountFlopsRequest, context: CallContext): Promise<CountFlopsResponse> {
    return this.models.countFlops(request, onBehalfOf(context));
  }
}
