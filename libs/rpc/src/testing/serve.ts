import "reflect-metadata";
import { type INestApplicationContext, Module, type Provider } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { pino } from "pino";
import { GrpcModule } from "../grpc.module.js";
import type { GrpcOptions } from "../grpc-options.js";
import { GrpcServer } from "../grpc-server.js";

/** A server in this process, listening on loopback. */
export interface Served extends AsyncDisposable {
  readonly address: string;
  readonly application: INestApplicationContext;
  readonly server: GrpcServer;
  /** Drains and stops; again: nothing. */
  close(): Promise<void>;
}

/** Serves the `@GrpcService` classes among the providers, on a port of the system's choice. */
export async function serve(providers: Provider[], options: Partial<GrpcOptions> = {}): Promise<Served> {
  const grpc = GrpcModule.forRoot({
    listen: "127.0.0.1:0",
    logger: pino({ level: "silent" }),
    graceMs: 2_000,
    ...options,
  });
  class TestModule {}
  Module({ imports: [grpc], providers })(TestModule);
  const application = await NestFactory.createApplicationContext(TestModule, { logger: false, abortOnError: false });
  const server = application.get(GrpcServer);
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= application.close();
    return closed;
  };
  return { address: server.address, application, server, close, [Symbol.asyncDispose]: close };
}
