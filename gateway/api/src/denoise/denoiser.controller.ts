/** @file DenoiserService: each call goes on to a server that holds the model. */
import {
  type DenoiseRequest,
  type DenoiseResponse,
  DenoiserServiceDefinition,
  type DenoiseStreamRequest,
  type DenoiseStreamResponse,
} from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { type CallContext, GrpcService, onBehalfOf } from "@tandem/rpc";
import { onAnyHolder } from "../registry/any-holder.js";
import { Resolver } from "../registry/resolver.js";
import { unlessAborted } from "../unless-aborted.js";

@GrpcService(DenoiserServiceDefinition)
export class DenoiserController {
  constructor(private readonly resolver: Resolver) {}

  /** An evaluation changes nothing, so another holder is asked when the first is lost. */
  async denoise(request: DenoiseRequest, context: CallContext): Promise<DenoiseResponse> {
    const pool = await unlessAborted(this.resolver.resolve("model", request.model), context.signal);
    return onAnyHolder(pool, context.signal, ({ server, model }, signal) =>
      server.denoiser.denoise({ ...request, model: model.name }, { ...onBehalfOf(context), signal }),
    );
  }

  /** A session stays on its server; when that is lost, the client opens another, as the contract says. */
  async *denoiseStream(
    requests: AsyncIterable<DenoiseStreamRequest>,
    context: CallContext,
  ): AsyncGenerator<DenoiseStreamResponse> {
    const messages = requests[Symbol.asyncIterator]();
    const first: IteratorResult<DenoiseStreamRequest, unknown> = await messages.next();
    if (first.done) return;
    const { message } = first.value;
    if (message?.$case !== "open")
      throw new DomainError("PROTOCOL_VIOLATION", "the first message of DenoiseStream must be `open`", {
        field: "open",
      });
    const pool = await unlessAborted(this.resolver.resolve("open.model", message.value.model), context.signal);
    const [holder] = pool.holders();
    if (!holder) throw pool.unavailable();
    const open = { ...message, value: { ...message.value, model: holder.model.name } };
    holder.server.assigned++;
    try {
      yield* holder.server.denoiser.denoiseStream(continued({ message: open }, messages), onBehalfOf(context));
    } finally {
      holder.server.assigned--;
    }
  }
}

async function* continued<T>(first: T, rest: AsyncIterator<T>): AsyncGenerator<T> {
  yield first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}
