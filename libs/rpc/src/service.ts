/** @file Runs a Nest application as a gRPC process: starts, says where it listens, drains, ends. */
import "reflect-metadata";
import { setLogger } from "@grpc/grpc-js";
import type { DynamicModule, INestApplicationContext, Type } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { DomainError } from "@tandem/errors";
import type { Logger } from "pino";
import { GrpcServer } from "./grpc-server.js";
import { nestLogger } from "./nest-logger.js";
import { startTracing, type Tracing } from "./tracing.js";

/** What a process needs beside its module. */
export interface ServiceOptions {
  logger: Logger;
}

/**
 * Starts a process whose module imports GrpcModule.
 *
 * - Ready: one line on stdout, `{"listening":"127.0.0.1:41234"}`, with `"metrics"` where they are served, and nothing else.
 * - SIGTERM, SIGINT: before that it just ends. Afterwards health says NOT_SERVING, calls in progress finish within GrpcOptions.graceMs, exit code 0. The signal again:
 *   exit at once, with 1.
 * - TANDEM_STOP_WITH_PARENT=1: the end of stdin stops it in the same way; a parent that died cannot leave it behind.
 * - It cannot start: the reason in one line of the log, exit code 1. An exception that nobody caught: logged, exit code 1.
 *
 * Resolves when it is ready, with the application; its end is the process's.
 * @param create makes the module; what it throws is a failed start
 */
export async function startService(
  create: () => Type | DynamicModule | Promise<Type | DynamicModule>,
  { logger }: ServiceOptions,
): Promise<INestApplicationContext> {
  const die = (error: unknown, what: string): never => {
    if (error instanceof DomainError)
      logger.fatal({ reason: error.reason, ...error.details, cause: undefined }, error.message);
    else logger.fatal({ err: error }, what);
    process.exit(1);
  };
  process.on("uncaughtException", (error) => die(error, "uncaught exception"));
  process.on("unhandledRejection", (error) => die(error, "unhandled rejection"));
  // Of the libraries; ours are log lines. Node and grpc-js would print them between the lines.
  process.removeAllListeners("warning").on("warning", (warning) => logger.warn({ err: warning }, warning.message));
  setLogger({
    error: (text) => logger.debug(text),
    info: (text) => logger.debug(text),
    debug: (text) => logger.debug(text),
  });
  let tracing: Tracing | undefined;
  let application: INestApplicationContext | undefined;
  stopRequest(logger, die)
    .then(async () => {
      await application?.close(); // undefined: it still starts, and has promised nothing yet
      await tracing?.shutdown();
      process.exit(0);
    })
    .catch((error) => die(error, "shutdown failed"));
  try {
    tracing = await startTracing(String(logger.bindings().name ?? "tandem"));
    const module = await create();
    application = await NestFactory.createApplicationContext(module, {
      logger: nestLogger(logger),
      abortOnError: false,
    });
  } catch (error) {
    return die(error, "cannot start");
  }
  const { address, metricsAddress } = application.get(GrpcServer);
  const ready = { listening: address, ...(metricsAddress !== undefined && { metrics: metricsAddress }) };
  logger.info(ready, "ready");
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  return application;
}

/** Resolves at the first request to stop, which may come while the application still starts. */
function stopRequest(logger: Logger, die: (error: unknown, what: string) => never): Promise<void> {
  return new Promise((resolve) => {
    let stopping = false;
    const stop = (why: string) => {
      if (stopping) die(new Error(why), "stopped again before the end");
      stopping = true;
      logger.info({ why }, "stopping");
      resolve();
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
    if (process.env.TANDEM_STOP_WITH_PARENT === "1") {
      process.stdin.resume();
      for (const event of ["end", "error"]) process.stdin.once(event, () => stopping || stop("parent ended"));
    }
  });
}
