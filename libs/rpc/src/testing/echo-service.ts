import { setTimeout as sleep } from "node:timers/promises";
import {
  type DenoiseRequest,
  DenoiserServiceDefinition,
  type DenoiserServiceImplementation,
  type DenoiseStreamRequest,
} from "@tandem/contracts";
import { DomainError, invalid, type Reason } from "@tandem/errors";
import { type CallContext, type CallInfo, recordTiming } from "../call.js";
import { GrpcService } from "../grpc-service.js";

/**
 * A denoiser that returns its input, and does what `model` asks for: "hang" waits for the signal, "bug" throws an unexpected
 * error, "reason/X" fails with that reason, "field" with FIELD_INVALID, "long" with a
 * message longer than trailers may be.
 */
@GrpcService(DenoiserServiceDefinition)
export class EchoService implements DenoiserServiceImplementation<CallInfo> {
  /** What handlers saw, in order. */
  readonly ended: string[] = [];
  /** Handlers that have begun and not ended. */
  running = 0;
  /** Attempts of Denoise. */
  calls = 0;
  /** Context of the last call. */
  last: CallContext | undefined;

  async denoise(request: DenoiseRequest, context: CallContext) {
    this.calls++;
    return await this.run(context, async () => {
      const [verb, reason] = request.model.split("/");
      if (verb === "hang") await sleep(60_000, undefined, { signal: context.signal });
      if (verb === "bug") throw new Error("secret password");
      if (verb === "field") throw invalid("sigma", request.sigma[0], "positive and finite");
      if (verb === "long")
        throw new DomainError("OUTPUT_EXISTS", "x".repeat(100_000), { resource: "y".repeat(100_000) });
      if (verb === "reason")
        throw new DomainError(reason as Reason, "as asked", {
          resource: "models/net",
          metadata: { expected: 24, actual: "23" },
          retryAfterMs: 1500,
        });
      recordTiming(context, { queueMs: 2, computeMs: 3 });
      return { denoised: request.x };
    });
  }

  async *denoiseStream(requests: AsyncIterable<DenoiseStreamRequest>, context: CallContext) {
    this.running++;
    this.last = context;
    let end = "left";
    try {
      for await (const { message } of requests) {
        if (message?.$case === "open") {
          if (message.value.model === "hang") await sleep(60_000, undefined, { signal: context.signal });
          if (message.value.model === "bug") throw new Error("secret password");
          yield { message: { $case: "opened" as const, value: { maxInFlight: 2 } } };
        } else if (message?.$case === "step") {
          yield { message: { $case: "result" as const, value: { denoised: message.value.x } } };
        } else {
          throw new DomainError("PROTOCOL_VIOLATION", "neither open nor step");
        }
      }
      end = "complete";
    } catch (error) {
      end = (error as Error).name;
      throw error;
    } finally {
      this.running--;
      this.ended.push(end);
    }
  }

  private async run<T>(context: CallContext, work: () => Promise<T>): Promise<T> {
    this.running++;
    this.last = context;
    try {
      const result = await work();
      this.ended.push("complete");
      return result;
    } catch (error) {
      this.ended.push(context.signal.aborted ? (context.signal.reason as Error).name : (error as Error).name);
      throw error;
    } finally {
      this.running--;
    }
  }
}
