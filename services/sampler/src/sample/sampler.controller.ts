/** @file SamplerService of the contract. */
import {
  type SampleRequest,
  type SampleResponse,
  SamplerServiceDefinition,
  type SamplerServiceImplementation,
} from "@tandem/contracts";
import { type CallContext, type CallInfo, GrpcService, recordTiming } from "@tandem/rpc";
import { ModelStore } from "../models/model-store.js";
import { writeEvent } from "./sample-message.js";
import { toSamplePlan } from "./sample-plan.js";
import { Sampler } from "./sampler.js";

/** Serves Sample. */
@GrpcService(SamplerServiceDefinition)
export class SamplerController implements SamplerServiceImplementation<CallInfo> {
  constructor(
    private readonly models: ModelStore,
    private readonly sampler: Sampler,
  ) {}

  async *sample(request: SampleRequest, context: CallContext): AsyncGenerator<SampleResponse> {
    const plan = toSamplePlan(request, this.models);
    for await (const event of this.sampler.run(plan, context.signal)) {
      if ("timing" in event) recordTiming(context, event.timing);
      yield writeEvent(event, plan);
    }
  }
}
