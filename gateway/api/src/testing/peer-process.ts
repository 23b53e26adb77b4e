/** @file A test server as a process of its own, for the tests that kill and freeze it: models as JSON in the first argument. */
import { Module } from "@nestjs/common";
import { createLogger, GrpcModule, startService } from "@tandem/rpc";
import type { TestModel } from "./gaussian-models.js";
import { ModelPeer } from "./model-peer.js";
import { PeerDenoiser, PeerModels, PeerSampler } from "./peer-services.js";

const logger = createLogger("peer", { TANDEM_LOG: "warn" });
const [models = "[]", listen = "127.0.0.1:0"] = process.argv.slice(2);
await startService(
  () => {
    class PeerModule {}
    const peer = new ModelPeer(JSON.parse(models) as TestModel[]);
    Module({
      imports: [GrpcModule.forRoot({ listen, logger, graceMs: 1_000 })],
      providers: [{ provide: ModelPeer, useValue: peer }, PeerModels, PeerDenoiser, PeerSampler],
    })(PeerModule);
    return PeerModule;
  },
  { logger },
);
