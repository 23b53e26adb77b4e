/** @file The gRPC server of a process: starts with the Nest application, drains when it shuts down. */
import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from "@nestjs/common";
import { DiscoveryService } from "@nestjs/core";
import { DomainError } from "@tandem/errors";
import {
  createServer,
  type Server,
  type ServerAddBuilder,
  type ServerMiddleware,
  type ServiceImplementation,
  type TsProtoServiceDefinition,
} from "nice-grpc";
import { errorDetailsServerMiddleware } from "nice-grpc-error-details";
import { HealthDefinition, HealthServiceImpl, HealthState } from "nice-grpc-server-health";
import { bearerTokens } from "./auth.js";
import { type CallInfo, callFacts, callInfo } from "./call.js";
import { CallCount, callLog } from "./call-log.js";
import { cancelledUploads } from "./cancelled-upload.js";
import { fast } from "./codec.js";
import { GRPC_OPTIONS, type GrpcOptions } from "./grpc-options.js";
import { serviceMark } from "./grpc-service.js";
import { checkListen, formatHostPort } from "./listen-address.js";
import { Metrics } from "./metrics.js";
import { type MetricsEndpoint, serveMetrics } from "./metrics-endpoint.js";
import { addReflection } from "./reflection.js";
import { serverErrors } from "./server-errors.js";
import { allowManyCancellations } from "./stream-resets.js";
import { serverCredentials } from "./tls.js";
import { spanMiddleware, spanTimes } from "./tracing.js";
import { queueOneMessagePerStream, serverOptions } from "./transport.js";

const DEFAULT_GRACE_MS = 10_000;

/**
 * Serves every `@GrpcService` provider of the application, health and reflection. Providers that calls still need while they
 * drain must be released in `onApplicationShutdown`, which comes after the draining.
 */
@Injectable()
export class GrpcServer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly health = HealthState();
  private readonly draining = new AbortController();
  private services: string[] = [];
  private server: Server<CallInfo> | undefined;
  private boundTo = "";
  private metricsEndpoint: MetricsEndpoint | undefined;

  constructor(
    @Inject(GRPC_OPTIONS) private readonly options: GrpcOptions,
    private readonly discovery: DiscoveryService,
    private readonly metrics: Metrics,
    private readonly count: CallCount,
  ) {}

  /** Where it listens, with the port really bound: "127.0.0.1:41234". Empty before the application is up. */
  get address(): string {
    return this.boundTo;
  }

  /** Where metrics are served; undefined: nowhere. */
  get metricsAddress(): string | undefined {
    return this.metricsEndpoint?.address;
  }

  /** Calls in progress, Watch and reflection streams not counted. */
  get activeCalls(): number {
    return this.count.active;
  }

  /**
   * What health says of a service; all serve from the start, and none while draining.
   * @param service full name, e.g. "tandem.v1.SamplerService"; "" is the server as a whole
   */
  setServing(service: string, serving: boolean): void {
    if (!this.draining.signal.aborted) this.health.setStatus(serving ? "healthy" : "unhealthy", service);
  }

  async onApplicationBootstrap(): Promise<void> {
    const { options } = this;
    const { listen, tls, tokens = [], insecure = false } = options;
    const protection = { hasToken: tokens.length > 0, hasTls: tls !== undefined, insecure };
    const target = await checkListen(listen, "listen", protection);
    const credentials = serverCredentials(tls);
    queueOneMessagePerStream();
    allowManyCancellations();
    const server = this.createServer();
    this.addServices(server);
    if (options.metrics) this.metricsEndpoint = await serveMetrics(this.metrics, options.metrics);
    try {
      const port = await server.listen(formatHostPort(target), credentials);
      this.boundTo = formatHostPort({ ...target, port });
    } catch (cause) {
      await this.metricsEndpoint?.close();
      const why = (cause as Error).message;
      throw new DomainError("FIELD_INVALID", `cannot listen on ${listen}: ${why}`, { field: "listen", cause });
    }
    this.server = server;
  }

  async beforeApplicationShutdown(): Promise<void> {
    const { server, options } = this;
    if (!server) return;
    this.server = undefined;
    for (const name of ["", ...this.services]) this.health.setStatus("unhealthy", name);
    setImmediate(() => this.draining.abort()); // Watch streams end, after they have told NOT_SERVING
    const timer = setTimeout(() => {
      options.logger.warn({ calls: this.activeCalls }, "cutting calls that outlast the grace period");
      server.forceShutdown();
    }, options.graceMs ?? DEFAULT_GRACE_MS);
    await server.shutdown();
    clearTimeout(timer);
    await this.metricsEndpoint?.close();
  }

  private createServer(): Server<CallInfo> {
    const { logger, tokens = [] } = this.options;
    const interceptors = [callFacts, ...(tokens.length > 0 ? [bearerTokens(tokens, logger)] : [])];
    const server = createServer({ ...serverOptions, interceptors }).use(errorDetailsServerMiddleware);
    // The trace first, so that everything else of a call happens within its span.
    const spans = spanMiddleware();
    return (spans ? server.use(spans.server) : server).use(callInfo);
  }

  /** Around the application's services; outermost first. */
  private middleware(): readonly ServerMiddleware<object, CallInfo>[] {
    const { logger, middleware = [], metrics } = this.options;
    return [
      ...(spanMiddleware() ? [spanTimes] : []),
      callLog(logger, this.count),
      ...(metrics ? this.metrics.middleware : []),
      ...middleware,
      serverErrors(logger),
      cancelledUploads,
    ];
  }

  private addServices(server: Server<CallInfo>): void {
    const middleware = this.middleware();
    for (const wrapper of this.discovery.getProviders({ metadataKey: serviceMark.KEY })) {
      const definition = this.discovery.getMetadataByDecorator(serviceMark, wrapper)!;
      middleware
        .reduce<ServerAddBuilder<CallInfo>>((chain, one) => chain.with(one), server)
        .add(fast(definition), methodsOf(definition, wrapper.instance));
      this.health.setStatus("healthy", definition.fullName);
      this.services.push(definition.fullName);
    }
    const untilDrain: ServerMiddleware = (call, context) =>
      call.next(call.request, { ...context, signal: AbortSignal.any([context.signal, this.draining.signal]) });
    const infrastructure = server.with(untilDrain);
    infrastructure.add(HealthDefinition, HealthServiceImpl(this.health));
    addReflection(infrastructure, this.options.descriptorSet, [...this.services, HealthDefinition.fullName]);
  }
}

/** The provider's methods by the definition's names; GrpcService made the compiler check that they fit. */
function methodsOf<D extends TsProtoServiceDefinition>(
  definition: D,
  instance: object,
): ServiceImplementation<D, CallInfo> {
  const provider = instance as Record<string, (...args: unknown[]) => unknown>;
  const methods = Object.keys(definition.methods).map((name) => [name, provider[name]!.bind(provider)]);
  return Object.fromEntries(methods) as ServiceImplementation<D, CallInfo>;
}
