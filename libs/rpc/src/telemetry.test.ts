/** What operators see of calls: metrics that split their time, traces that cross processes, one request id everywhere. */
import { Writable } from "node:stream";
import { afterEach, describe, expect, it } from "@jest/globals";
import { Injectable } from "@nestjs/common";
import { InMemorySpanExporter } from "@opentelemetry/sdk-trace";
import { type DenoiseRequest, DenoiserServiceDefinition, type DenoiserServiceImplementation } from "@tandem/contracts";
import { type Logger, pino } from "pino";
import {
  type CallContext,
  type CallInfo,
  type Client,
  connect,
  createClient,
  GrpcService,
  Metadata,
  onBehalfOf,
} from "./index.js";
import { EchoService, serve } from "./testing.js";
import { startTracing, type Tracing, traceTo } from "./tracing.js";

/** Where the relay sends its calls. */
@Injectable()
class Behind {
  client!: Client<typeof DenoiserServiceDefinition>;
}

/** A gateway in small: passes every call on, on behalf of its caller. */
@GrpcService(DenoiserServiceDefinition)
class RelayService implements DenoiserServiceImplementation<CallInfo> {
  constructor(private readonly behind: Behind) {}
  async denoise(request: DenoiseRequest, context: CallContext) {
    return await this.behind.client.denoise(request, onBehalfOf(context));
  }
  async *denoiseStream(): AsyncGenerator<never> {}
}

function logOf(): { logger: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)) as Record<string, unknown>);
      done();
    },
  });
  return { logger: pino({ level: "debug" }, sink), lines };
}

describe("metrics", () => {
  it("are served over HTTP and split the time of calls", async () => {
    await using server = await serve([EchoService], { metrics: { listen: "127.0.0.1:0" } });
    using channel = connect(server.address);
    await createClient(DenoiserServiceDefinition, channel).denoise({});
    const response = await fetch(`http://${server.server.metricsAddress}/metrics`);
    expect(response.headers.get("content-type")).toContain("text/plain");
    const text = await response.text();
    const method = 'method="/tandem.v1.DenoiserService/Denoise"';
    expect(text).toContain(`tandem_call_seconds_sum{${method},part="queue"} 0.002`);
    expect(text).toContain(`tandem_call_seconds_sum{${method},part="compute"} 0.003`);
    expect(text).toContain(`tandem_call_seconds_count{${method},part="wire"} 1`);
    expect(text).toMatch(/grpc_server_handled_total\{.*grpc_code="OK"\} 1/);
    expect(text).toContain("tandem_calls_active 0");
    expect((await fetch(`http://${server.server.metricsAddress}/`)).status).toBe(404);
  });

  it("are off by default", async () => {
    await using server = await serve([EchoService]);
    expect(server.server.metricsAddress).toBeUndefined();
  });

  it("need a token beyond loopback, and then from everybody", async () => {
    const open = serve([EchoService], { metrics: { listen: "0.0.0.0:0" } });
    await expect(open).rejects.toThrow(/metrics\.listen/);
    await using server = await serve([EchoService], {
      metrics: { listen: "0.0.0.0:0", tokens: ["scraper"], insecure: true },
    });
    const url = `http://${server.server.metricsAddress?.replace("0.0.0.0", "127.0.0.1")}/metrics`;
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: { authorization: "Bearer scraper" } })).status).toBe(200);
  });
});

describe("a request id", () => {
  it("is returned, logged, and passed on by calls on behalf of the call", async () => {
    const { logger, lines } = logOf();
    await using echo = await serve([EchoService], { logger });
    await using relay = await serve([RelayService, Behind], { logger });
    using between = connect(echo.address);
    relay.application.get(Behind).client = createClient(DenoiserServiceDefinition, between);
    using channel = connect(relay.address);
    const client = createClient(DenoiserServiceDefinition, channel);
    let returned: string | undefined;
    const onHeader = (header: Metadata) => {
      returned = header.get("x-request-id");
    };
    await client.denoise({}, { metadata: Metadata({ "x-request-id": "order-66" }), onHeader });
    expect(returned).toBe("order-66");
    const calls = () => lines.filter((line) => line.msg === "call");
    expect(calls().map((line) => line.requestId)).toEqual(["order-66", "order-66"]);
    await client.denoise({}, { metadata: Metadata({ "x-request-id": "with a line\\nbreak" }), onHeader });
    expect(returned).toMatch(/^[\w-]{36}$/);
  });

  it("is logged with a bug, whose text only the log has", async () => {
    const { logger, lines } = logOf();
    await using server = await serve([EchoService], { logger });
    using channel = connect(server.address);
    const metadata = Metadata({ "x-request-id": "r-1" });
    await createClient(DenoiserServiceDefinition, channel)
      .denoise({ model: "bug" }, { metadata })
      .catch(() => undefined);
    const [error] = lines.filter((line) => line.level === 50);
    expect(error).toMatchObject({ requestId: "r-1", err: { message: "secret password" } });
  });

  it("is never beside a token", async () => {
    const { logger, lines } = logOf();
    await using server = await serve([EchoService], { logger, tokens: ["right"] });
    for (const token of ["right", "wrong-but-secret"]) {
      using channel = connect(server.address, { token });
      await createClient(DenoiserServiceDefinition, channel)
        .denoise({})
        .catch(() => undefined);
    }
    expect(lines.map((line) => line.msg)).toEqual(["call", "token refused"]);
    expect(JSON.stringify(lines)).not.toMatch(/right|wrong/);
  });
});

describe("traces", () => {
  let tracing: Tracing | undefined;
  afterEach(async () => {
    await tracing?.shutdown();
    tracing = undefined;
  });

  it("join client, relay and server in one trace, with the parts of the time on the server's span", async () => {
    const exporter = new InMemorySpanExporter();
    let spans: ReturnType<InMemorySpanExporter["getFinishedSpans"]> = [];
    const keep = Object.assign(exporter, {
      shutdown: async () => {
        spans = exporter.getFinishedSpans();
      },
    });
    tracing = await traceTo(keep, "test");
    {
      await using echo = await serve([EchoService]);
      await using relay = await serve([RelayService, Behind]);
      using between = connect(echo.address);
      relay.application.get(Behind).client = createClient(DenoiserServiceDefinition, between);
      using channel = connect(relay.address);
      await createClient(DenoiserServiceDefinition, channel).denoise({});
    }
    const { shutdown } = tracing;
    tracing = undefined;
    await shutdown();
    expect(spans).toHaveLength(4);
    expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(1);
    const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
    const leaf = spans.find((span) => span.attributes["tandem.compute_ms"] === 3)!;
    let depth = 0;
    for (let span: typeof leaf | undefined = leaf; span; depth++) span = byId.get(span.parentSpanContext?.spanId ?? "");
    expect(depth).toBe(4);
  });

  it("are off without the variables, and when the SDK is disabled", async () => {
    expect(await startTracing("test", {})).toBeUndefined();
    const off = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1", OTEL_SDK_DISABLED: "true" };
    expect(await startTracing("test", off)).toBeUndefined();
  });
});
