/** @file AutoencoderService of the contract: pixels to latents and back. */
import {
  AutoencoderServiceDefinition,
  type AutoencoderServiceImplementation,
  type DecodeRequest,
  type EncodeRequest,
  wireTypes,
  writePixels,
  writeTensor,
} from "@tandem/contracts";
import { type CallContext, type CallInfo, GrpcService, recordTiming } from "@tandem/rpc";
import { writeTiming } from "../denoise/denoise-message.js";
import { checkModelName } from "../models/model-name.js";
import { ModelStore } from "../models/model-store.js";
import { toDecodePlan, toEncodePlan } from "./coding-plan.js";

/** Serves the autoencoders of this server. */
@GrpcService(AutoencoderServiceDefinition)
export class AutoencoderController implements AutoencoderServiceImplementation<CallInfo> {
  constructor(private readonly models: ModelStore) {}

  async encode(request: EncodeRequest, context: CallContext) {
    const model = this.models.autoencoder(checkModelName(request.model, "model"));
    const { pixels, withChecksum } = toEncodePlan(request, model);
    using _lease = model.lease();
    const { timing, ...moments } = await model.autoencoder.encode(pixels, clientOf(context));
    recordTiming(context, timing);
    return { moments: writeTensor(moments, wireTypes[0]!, withChecksum), timing: writeTiming(timing) };
  }

  async decode(request: DecodeRequest, context: CallContext) {
    const model = this.models.autoencoder(checkModelName(request.model, "model"));
    const { latents, statistics, withChecksum } = toDecodePlan(request, model);
    using _lease = model.lease();
    const options = { ...clientOf(context), statistics };
    const { timing, ...pixels } = await model.autoencoder.decode(latents, options);
    recordTiming(context, timing);
    return { pixels: writePixels(pixels, withChecksum), timing: writeTiming(timing) };
  }
}

const clientOf = ({ peer, signal }: CallContext) => ({ client: peer, signal });
