/** @file For tests: a real server in this process, and the echo service that this package's own tests call. */
export { ServiceProcess } from "./testing/child-process.js";
export { EchoService } from "./testing/echo-service.js";
export { type Served, serve } from "./testing/serve.js";
export { until } from "./testing/until.js";
