/** @file A web server on loopback that breaks in the ways that web servers break. For tests. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One answer that goes wrong; each is used once, in order. */
export type Fault =
  | { readonly status: number }
  | { readonly cutAfter: number }
  | { readonly redirect: string }
  | { readonly stallAfter: number };

/** The running server. */
export interface TestServer extends AsyncDisposable {
  /** Ends in "/". */
  readonly url: string;
  readonly files: Map<string, Uint8Array>;
  readonly faults: Fault[];
  /** Requests so far: method, path and range. */
  readonly requests: string[];
  /** Serve no ranges and no ETag, as simple servers do. */
  isSimple: boolean;
}

/** Starts a server on a free port. */
export async function startServer(): Promise<TestServer> {
  const server = createServer((request, response) => serve(state, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const state: TestServer = {
    url: `http://127.0.0.1:${port}/`,
    files: new Map(),
    faults: [],
    requests: [],
    isSimple: false,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return state;
}

function serve(state: TestServer, request: IncomingMessage, response: ServerResponse): void {
  const path = new URL(request.url ?? "/", state.url).pathname.slice(1);
  state.requests.push([request.method, path, request.headers.range].filter(Boolean).join(" "));
  const fault = state.faults.shift();
  if (fault && "status" in fault) return void response.writeHead(fault.status).end();
  if (fault && "redirect" in fault) return void response.writeHead(302, { location: fault.redirect }).end();
  const file = state.files.get(path);
  if (!file) return void response.writeHead(404).end();
  const { status, start, end, headers } = select(state, file, request);
  response.writeHead(status, headers);
  const body = request.method === "HEAD" ? new Uint8Array() : file.subarray(start, end);
  if (fault && "cutAfter" in fault) response.write(body.subarray(0, fault.cutAfter), () => response.socket?.end());
  else if (fault) response.write(body.subarray(0, fault.stallAfter));
  else response.end(body);
}

function select(state: TestServer, file: Uint8Array, request: IncomingMessage) {
  const whole = { status: 200, start: 0, end: file.length };
  if (state.isSimple) return { ...whole, headers: { "content-length": file.length } };
  const etag = `"${createHash("sha256").update(file).digest("hex").slice(0, 16)}"`;
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const isOther = request.headers["if-range"] !== undefined && request.headers["if-range"] !== etag;
  if (first === undefined || isOther) return { ...whole, headers: { etag, "content-length": file.length } };
  const [start, end] = [Number(first), Math.min(file.length, last ? Number(last) + 1 : file.length)];
  if (start >= file.length)
    return { status: 416, start: 0, end: 0, headers: { "content-range": `bytes */${file.length}` } };
  const range = `bytes ${start}-${end - 1}/${file.length}`;
  return { status: 206, start, end, headers: { etag, "content-range": range, "content-length": end - start } };
}
