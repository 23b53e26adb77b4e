/** @file GET /metrics over HTTP, for Prometheus. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { DomainError } from "@tandem/errors";
import { type TokenCheck, tokenCheck } from "./auth.js";
import { checkListen, formatHostPort } from "./listen-address.js";
import type { Metrics } from "./metrics.js";

/** Where metrics are served, and to whom. */
export interface MetricsOptions {
  /** host:port; port 0 lets the system choose. Plain HTTP: beyond loopback only with tokens and `insecure`. */
  listen: string;
  /** Bearer tokens that are accepted; none: no token is needed. */
  tokens?: readonly string[];
  insecure?: boolean;
}

/** A running endpoint. */
export interface MetricsEndpoint {
  readonly address: string;
  close(): Promise<void>;
}

/** @throws DomainError FIELD_INVALID: an address that is malformed, taken, or open to others without protection */
export async function serveMetrics(metrics: Metrics, options: MetricsOptions): Promise<MetricsEndpoint> {
  const { listen, tokens = [], insecure = false } = options;
  const target = await checkListen(listen, "metrics.listen", { hasToken: tokens.length > 0, hasTls: false, insecure });
  const server = endpoint(metrics, tokens.length > 0 ? tokenCheck(tokens) : () => true);
  server.listen(target.port, target.host);
  await once(server, "listening").catch((cause: Error) => {
    throw new DomainError("FIELD_INVALID", `cannot serve metrics on ${listen}: ${cause.message}`, {
      field: "metrics.listen",
      cause,
    });
  });
  const { port } = server.address() as AddressInfo;
  return {
    address: formatHostPort({ ...target, port }),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function endpoint(metrics: Metrics, accepts: TokenCheck): Server {
  return createServer((request, response) => {
    const answer = (status: number, text: string, type = "text/plain; charset=utf-8") =>
      response.writeHead(status, { "content-type": type }).end(text);
    if (request.method !== "GET" || request.url?.split("?")[0] !== "/metrics") return answer(404, "GET /metrics\n");
    if (!accepts(request.headers.authorization)) return answer(401, "a bearer token is needed\n");
    metrics.text().then(
      (text) => answer(200, text, metrics.registry.contentType),
      (error: Error) => answer(500, `${error.message}\n`),
    );
  });
}
