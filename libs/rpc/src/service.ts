/** @file Runs a Nest application as a gRPC process: starts, says where it listens, drains, ends. */
import "reflect-metadata";
import type { DynamicModule, INestApplicationContext, Type } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { DomainError } from "@tandem/errors";
import type { Logger } from "pino";
import { GrpcServer } from "./grpc-server.js";
import { nestLogger } from "./nest-logger.js";

/** What a process needs beside its module. */
export interface ServiceOptions {
  logger: Logger;
}

/**
 * Starts a process whose module imports GrpcModule.
 *
 * - Ready: one line on stdout, `{"listening":"127.0.0.1:41234"}`, and nothing else there.
 * - SIGTERM, SIGINT: health says NOT_SERVING, calls in progress finish within GrpcOptions.graceMs, exit code 0. The signal again:
 *   exit at once, with 1.
 * - TANDEM_STOP_WITH_PARENT=1: the end of stdin stops it in the same way; a parent that died cannot leave it behind.
 * - It cannot start: the reason in one line of the log, exit code 1. An exception that nobody caught: logged, exit code 1.
 * @param create makes the module; what it throws is a failed start
 */
export async function startService(
  create: () => Type | DynamicModule | Promise<Type | DynamicModule>,
  { logger }: ServiceOptions,
): Promise<void> {
  const die = (error: unknown, what: string): never => {
    if (error instanceof DomainError)
      logger.fatal({ reason: error.reason, ...error.details, cause: undefined }, error.message);
    else logger.fatal({ err: error }, what);
    process.exit(1);
  };
  process.on("uncaughtException", (error) => die(error, "uncaught exception"));
  process.on("unhandledRejection", (error) => die(error, "unhandled rejection"));
  const stop = stopOnRequest(logger, die);
  let application: INestApplicationContext;
  try {
    const module = await create();
    application = await NestFactory.createApplicationContext(module, {
      logger: nestLogger(logger),
      abortOnError: false,
    });
  } catch (error) {
    return die(error, "cannot start");
  }
  const { address } = application.get(GrpcServer);
  logger.info({ listening: address }, "ready");
  process.stdout.write(`${JSON.stringify({ listening: address })}\n`);
  stop
    .then(() => application.close())
    .then(
      () => process.exit(0),
      (error) => die(error, "shutdown failed"),
    );
}

/** Resolves at the first request to stop, which may come while the application still starts. */
function stopOnRequest(logger: Logger, die: (error: unknown, what: string) => never): Promise<void> {
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
