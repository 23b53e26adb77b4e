/** @file SamplerService across servers. */
import { type SampleRequest, type SampleResponse, SamplerServiceDefinition } from "@tandem/contracts";
import { type CallContext, GrpcService, onBehalfOf } from "@tandem/rpc";
import { Sampler } from "./sampler.js";

@GrpcService(SamplerServiceDefinition)
export class SamplerController {
  constructor(private readonly sampler: Sampler) {}

  async *sample(request: SampleRequest, context: CallContext): AsyncGenerator<SampleResponse> {
    const { signal, metadata } = onBehalfOf(context);
    for await (const event of this.sampler.sample(request, signal, metadata)) yield { event };
  }
}
