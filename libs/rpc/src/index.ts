export { Metadata, type TsProtoServiceDefinition } from "nice-grpc";
export { type TokenCheck, tokenCheck } from "./auth.js";
export { type CallContext, type CallInfo, onBehalfOf, REQUEST_ID, recordTiming } from "./call.js";
export { CallTiming, type Part, type Timing } from "./call-timing.js";
export { type Channel, type ConnectOptions, connect } from "./channel.js";
export { integer, known, present } from "./check.js";
export { type CallOptions, type Client, createClient } from "./client.js";
export { type DebugLevel, debugLevel } from "./debug-level.js";
export { fromClientError, statusOf, toServerError, toStatusMessage } from "./error-mapping.js";
export { byteCount, count, port, word } from "./flags/flag-values.js";
export { type ConfigOf, type Flag, type Flags, readFlags, refuseFlag } from "./flags/flags.js";
export {
  connectGateway,
  type GatewayAddress,
  gatewayFlags,
  gatewayOf,
  grpcOptions,
  type JobConfig,
  type JobServerOptions,
  jobFlags,
  jobServerOptions,
  type ServerConfig,
  serverFlags,
} from "./flags/service-flags.js";
export { configOf, help, runService, type ServiceProgram } from "./flags/service-program.js";
export { GrpcModule } from "./grpc.module.js";
export type { GrpcOptions } from "./grpc-options.js";
export { GrpcServer } from "./grpc-server.js";
export { GrpcService } from "./grpc-service.js";
export {
  checkListen,
  formatHostPort,
  type HostPort,
  isLoopback,
  type Protection,
  parseHostPort,
} from "./listen-address.js";
export { createLogger } from "./logger.js";
export { Metrics } from "./metrics.js";
export type { MetricsOptions } from "./metrics-endpoint.js";
export { nodeFlags } from "./node-flags.js";
export { type ServiceOptions, startService } from "./service.js";
export type { ClientTls, ServerTls } from "./tls.js";
export { type Liveness, MAX_MESSAGE_BYTES } from "./transport.js";
