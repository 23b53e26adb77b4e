/** @file ModelService of the contract. */
import {
  type CountFlopsRequest,
  type GetModelRequest,
  type ListModelsRequest,
  type LoadModelRequest,
  ModelServiceDefinition,
  type ModelServiceImplementation,
  type UnloadModelRequest,
} from "@tandem/contracts";
import { type CallInfo, GrpcService } from "@tandem/rpc";
import { CostCounter } from "./cost-counter.js";
import { writeCost } from "./cost-message.js";
import { writeModel } from "./model-message.js";
import { checkModelName } from "./model-name.js";
import { pageOf } from "./model-page.js";
import { readSettings, readSource, readSubject } from "./model-request.js";
import { ModelStore } from "./model-store.js";

/** Serves the models of this server. */
@GrpcService(ModelServiceDefinition)
export class ModelController implements ModelServiceImplementation<CallInfo> {
  constructor(
    private readonly models: ModelStore,
    private readonly costs: CostCounter,
  ) {}

  async listModels(request: ListModelsRequest) {
    const { records, nextPageToken } = pageOf(this.models.list(), request);
    return { models: records.map(writeModel), nextPageToken };
  }

  async getModel(request: GetModelRequest) {
    return { model: writeModel(this.models.get(checkModelName(request.name, "name"))) };
  }

  async loadModel(request: LoadModelRequest) {
    const name = checkModelName(request.name, "name");
    return { model: writeModel(await this.models.load(name, readSource(request.source), readSettings(request))) };
  }

  async unloadModel(request: UnloadModelRequest) {
    return { model: writeModel(await this.models.unload(checkModelName(request.name, "name"))) };
  }

  async countFlops(request: CountFlopsRequest) {
    return writeCost(await this.costs.count(readSubject(request.subject)));
  }
}
