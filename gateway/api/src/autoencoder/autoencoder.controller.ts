/** @file AutoencoderService: each call goes on to a server that holds the autoencoder. */
import {
  AutoencoderServiceDefinition,
  type DecodeRequest,
  type DecodeResponse,
  type EncodeRequest,
  type EncodeResponse,
  ModelKind,
} from "@tandem/contracts";
import { type CallContext, GrpcService, onBehalfOf } from "@tandem/rpc";
import { onAnyHolder } from "../registry/any-holder.js";
import { Resolver } from "../registry/resolver.js";
import { unlessAborted } from "../unless-aborted.js";

/** Coding changes nothing, so another holder is asked when the first is lost. */
@GrpcService(AutoencoderServiceDefinition)
export class AutoencoderController {
  constructor(private readonly resolver: Resolver) {}

  async encode(request: EncodeRequest, context: CallContext): Promise<EncodeResponse> {
    const pool = await this.#pool(request.model, context.signal);
    return onAnyHolder(pool, context.signal, ({ server, model }, signal) =>
      server
        .client(AutoencoderServiceDefinition)
        .encode({ ...request, model: model.name }, { ...onBehalfOf(context), signal }),
    );
  }

  async decode(request: DecodeRequest, context: CallContext): Promise<DecodeResponse> {
    const pool = await this.#pool(request.model, context.signal);
    return onAnyHolder(pool, context.signal, ({ server, model }, signal) =>
      server
        .client(AutoencoderServiceDefinition)
        .decode({ ...request, model: model.name }, { ...onBehalfOf(context), signal }),
    );
  }

  #pool(model: string, signal: AbortSignal) {
    const kind = ModelKind.MODEL_KIND_AUTOENCODER;
    return unlessAborted(this.resolver.resolve("model", model, { kind }), signal);
  }
}
