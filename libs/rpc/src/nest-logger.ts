/** @file Nest's own messages, in our log. */
import type { LoggerService } from "@nestjs/common";
import type { Logger } from "pino";

/** Nest tells every module and provider that it starts: that is debug here. Errors and warnings keep their level. */
export function nestLogger(logger: Logger): LoggerService {
  const at = (level: "debug" | "error" | "warn") => (message: unknown, context?: unknown) =>
    message instanceof Error ? logger[level]({ err: message }) : logger[level]({ context }, String(message));
  return { log: at("debug"), debug: at("debug"), verbose: at("debug"), warn: at("warn"), error: at("error") };
}
