/** @file The echo server as a process of its own, for the tests that kill, freeze and stop it. */

import { Module } from "@nestjs/common";
import { GrpcModule } from "../grpc.module.js";
import { createLogger, startService } from "../index.js";
import { EchoService } from "./echo-service.js";

const logger = createLogger("echo");
await startService(
  () => {
    class EchoModule {}
    const listen = process.argv[2] ?? "127.0.0.1:0";
    Module({
      imports: [GrpcModule.forRoot({ listen, logger, graceMs: Number(process.argv[3] ?? 5_000) })],
      providers: [EchoService],
    })(EchoModule);
    return EchoModule;
  },
  { logger },
);
if (process.argv[4] === "crash") setTimeout(() => nobodyCatchesThis(), 50);

function nobodyCatchesThis(): never {
  throw new Error("a bug outside of any call");
}
