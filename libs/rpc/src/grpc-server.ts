/** @file The gRPC server of a process: starts with the Nest application, drains when it shuts down. */
import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from "@nestjs/common";
import { DiscoveryService } from "@nestjs/core";
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
import { addReflection } from "./reflection.js";
import { serverErrors } from "./server-errors.js";
import { allowManyCancellations } from "./stream-resets.js";
import { serverCredentials } from "./tls.js";
import { queueOneMessagePerStream, serverOptions } from "./transport.js";

const DEFAULT_GRACE_MS = 10_000;

/**
 * Serves every `@GrpcService` provider of the application, health and reflection. Providers that calls still need while they
 * drain must be released in `onApplicationShutdown`, which comes after the draining.
 */
@Injectable()
export class GrpcServer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly health = HealthState();
  private readonly count = new CallCount();
  private readonly draining = new AbortController();
  private services: string[] = [];
  private server: Server<CallInfo> | undefined;
  private boundTo = "";

  constructor(
    @Inject(GRPC_OPTIONS) private readonly options: GrpcOptions,
    private readonly discovery: DiscoveryService,
  ) {}

  /** Where it listens, with the port really bound: "127.0.0.1:41234". Empty before the application is up. */
  get address(): string {
    return this.boundTo;
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
    queueOneMessagePerStream();
    allowManyCancellations();
    const server = this.createServer();
    this.addServices(server);
    const port = await server.listen(formatHostPort(target), serverCredentials(tls));
    this.server = server;
    this.boundTo = formatHostPort({ ...target, port });
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
  }

  private createServer(): Server<CallInfo> {
    const { logger, tokens = [] } = this.options;
    const interceptors = [callFacts, ...(tokens.length > 0 ? [bearerTokens(tokens, logger)] : [])];
    return createServer({ ...serverOptions, interceptors })
      .use(errorDetailsServerMiddleware)
      .use(callInfo);
  }

  private addServices(server: Server<CallInfo>): void {
    const { logger, middleware = [], descriptorSet } = this.options;
    for (const wrapper of this.discovery.getProviders({ metadataKey: serviceMark.KEY })) {
      const definition = this.discovery.getMetadataByDecorator(serviceMark, wrapper)!;
      // Outermost first.
      [callLog(logger, this.count), ...middleware, serverErrors(logger), cancelledUploads]
        .reduce<ServerAddBuilder<CallInfo>>((chain, one) => chain.with(one), server)
        .add(fast(definition), methodsOf(definition, wrapper.instance));
      this.health.setStatus("healthy", definition.fullName);
      this.services.push(definition.fullName);
    }
    const untilDrain: ServerMiddleware = (call, context) =>
      call.next(call.request, { ...context, signal: AbortSignal.any([context.signal, this.draining.signal]) });
    const infrastructure = server.with(untilDrain);
    infrastructure.add(HealthDefinition, HealthServiceImpl(this.health));
    addReflection(infrastructure, descriptorSet, [...this.services, HealthDefinition.fullName]);
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
