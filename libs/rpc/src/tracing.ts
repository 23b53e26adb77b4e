/**
 * @file OpenTelemetry traces: off unless the standard variables ask for them. OTEL_EXPORTER_OTLP_ENDPOINT (or
 * OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) sends spans by OTLP over HTTP, OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES describe the
 * process, OTEL_SDK_DISABLED=true or OTEL_TRACES_EXPORTER=none keep it off.
 */
import { context, propagation, trace } from "@opentelemetry/api";
import type { SpanExporter } from "@opentelemetry/sdk-trace";
import type { ClientMiddleware, ServerMiddleware } from "nice-grpc";
import type { CallInfo } from "./call.js";
import { parts } from "./call-timing.js";

/** Running traces. */
export interface Tracing {
  /** Sends what is still waiting, within a few seconds. */
  shutdown(): Promise<void>;
}

/** Makes a span of each call, and passes its trace on. */
interface SpanMiddleware {
  server: ServerMiddleware;
  client: ClientMiddleware;
}

let spans: SpanMiddleware | undefined;

/** Undefined unless this process traces; servers and clients made while it does take part. */
export function spanMiddleware(): SpanMiddleware | undefined {
  return spans;
}

/** Starts tracing when the environment asks for it. @returns undefined when it does not */
export async function startTracing(
  serviceName: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Tracing | undefined> {
  const endpoint = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (!endpoint || env.OTEL_SDK_DISABLED === "true" || env.OTEL_TRACES_EXPORTER === "none") return undefined;
  const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-http");
  return await traceTo(new OTLPTraceExporter(), env.OTEL_SERVICE_NAME ?? serviceName);
}

/** Starts tracing into an exporter. The SDK is loaded here, so that processes without traces do not pay for it. */
export async function traceTo(exporter: SpanExporter, serviceName: string): Promise<Tracing> {
  const { AsyncLocalStorageContextManager } = await import("@opentelemetry/context-async-hooks");
  const { W3CTraceContextPropagator } = await import("@opentelemetry/core");
  const { defaultResource, detectResources, envDetector, resourceFromAttributes } = await import(
    "@opentelemetry/resources"
  );
  const { BatchSpanProcessor, TracerProvider } = await import("@opentelemetry/sdk-trace");
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(detectResources({ detectors: [envDetector] }))
      .merge(resourceFromAttributes({ "service.name": serviceName })),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  // Only now: it asks for its tracer when it is loaded, and would get one that does nothing.
  const { openTelemetryClientMiddleware, openTelemetryServerMiddleware } = await import("nice-grpc-opentelemetry");
  spans = { server: openTelemetryServerMiddleware(), client: openTelemetryClientMiddleware() };
  return {
    async shutdown() {
      spans = undefined;
      await provider.shutdown();
      for (const api of [trace, context, propagation]) api.disable();
    },
  };
}

/** Puts the parts of a call's time on its span: tandem.queue_ms, tandem.compute_ms, tandem.wire_ms. */
export const spanTimes: ServerMiddleware<object, CallInfo> = async function* spanTimes(call, callContext) {
  const span = trace.getActiveSpan();
  try {
    return yield* call.next(call.request, callContext);
  } finally {
    const { totalMs } = callContext.timing;
    span?.setAttribute("tandem.request_id", callContext.requestId);
    for (const part of parts) if (totalMs[part] > 0) span?.setAttribute(`tandem.${part}_ms`, totalMs[part]);
  }
};
