/** @file SamplerService across servers. */
import { type SampleRequest, type SampleResponse, SamplerServiceDefinition } from "@tandem/contracts";
import { type CallContext, GrpcService } from "@tandem/rpc";
import { Sampler } from "./sampler.js";

@GrpcService(SamplerServiceDefinition)
export class SamplerController {
  constructor(private readonly sampler: Sampler) {}

  async *sample(request: SampleRequest, { signal }: CallContext): AsyncGenerator<SampleResponse> {
    for await (const event of this.sampler.sample(request, signal)) yield { event };
  }
}
