/** @file DenoiserService of the contract: checks, evaluates, answers. */
import {
  type DenoiseRequest,
  DenoiserServiceDefinition,
  type DenoiserServiceImplementation,
  type DenoiseStreamRequest,
  type DenoiseStreamResponse,
} from "@tandem/contracts";
import { type CallContext, type CallInfo, GrpcService, recordTiming } from "@tandem/rpc";
import { writeExecution } from "../models/model-message.js";
import { checkModelName } from "../models/model-name.js";
import { ModelStore } from "../models/model-store.js";
import { writeResponse, writeResult } from "./denoise-message.js";
import { readStep, toDenoisePlan, toSessionPlan } from "./denoise-plan.js";
import { DenoiseSession } from "./denoise-session.js";
import { inOrder } from "./in-order.js";
import { OpenSessions } from "./open-sessions.js";
import { toOpen, toStep } from "./stream-message.js";

/** Steps of a stream that may be unanswered: one computes, the next one waits beside it, two are on the wire. */
export const MAX_IN_FLIGHT = 4;

/** Serves Denoise and DenoiseStream. */
@GrpcService(DenoiserServiceDefinition)
export class DenoiserController implements DenoiserServiceImplementation<CallInfo> {
  constructor(
    private readonly models: ModelStore,
    private readonly sessions: OpenSessions,
  ) {}

  async denoise(request: DenoiseRequest, context: CallContext) {
    const model = this.models.ready(checkModelName(request.model, "model"));
    const plan = toDenoisePlan(request, model);
    const { labels, auxiliary } = plan;
    const count = plan.sigma.length;
    const session = new DenoiseSession({ model, count, labels, auxiliary, client: context.peer });
    const result = await session.step(plan.x.data, plan.sigma, context.signal);
    recordTiming(context, result.timing);
    return writeResponse(result, plan);
  }

  async *denoiseStream(
    requests: AsyncIterable<DenoiseStreamRequest>,
    context: CallContext,
  ): AsyncGenerator<DenoiseStreamResponse> {
    const messages = requests[Symbol.asyncIterator]();
    const open = toOpen(await messages.next());
    const model = this.models.ready(checkModelName(open.model, "open.model"));
    const plan = toSessionPlan(open, model);
    using openSession = this.sessions.open(context.signal);
    const { client, signal } = openSession;
    const session = new DenoiseSession({ model, count: plan.shape[0]!, labels: plan.labels, auxiliary: [], client });
    const execution = writeExecution(model.evaluator.execution, model.settings);
    const opened = { weightsDigest: model.facts.digest, execution, maxInFlight: MAX_IN_FLIGHT };
    yield { message: { $case: "opened", value: opened } };
    yield* inOrder(messages, MAX_IN_FLIGHT, async (request) => {
      const { x, sigma } = readStep(toStep(request), plan);
      const result = await session.step(x, sigma, signal);
      recordTiming(context, result.timing);
      return { message: { $case: "result", value: writeResult(result, plan) } };
    });
  }
}
