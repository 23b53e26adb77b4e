/** @file How many cancelled calls a connection survives. */
import type { ServerOptions } from "node:http2";
import { Server } from "@grpc/grpc-js";

/** Cancellations at once, and per second, before Node counts a connection as an attack (CVE-2023-44487) and closes it. */
const limits: ServerOptions = { streamResetBurst: 20_000, streamResetRate: 2_000 };

/** What is used of grpc-js's Server: private in its types. */
interface Http2Maker {
  commonServerOptions: ServerOptions;
  createHttp2Server(credentials: unknown): unknown;
}

let raised = false;

/**
 * Raises Node's limit of 1000 cancelled streams and 33 a second per connection. A gateway has one connection to a server and
 * cancels what its clients cancel: at the default, a burst of cancellations by one client ends the calls of all others with
 * INTERNAL. grpc-js passes no such option on, hence this way in; it can go when grpc-js has one.
 */
export function allowManyCancellations(): void {
  if (raised) return;
  raised = true;
  const prototype = Server.prototype as unknown as Http2Maker;
  const createHttp2Server = prototype.createHttp2Server;
  if (typeof createHttp2Server !== "function") throw new Error("grpc-js has changed: Server has no createHttp2Server");
  prototype.createHttp2Server = function (credentials) {
    Object.assign(this.commonServerOptions, limits);
    return createHttp2Server.call(this, credentials);
  };
}
