/** @file The dataset builder's process: `dataset-builder --help`. */
import { gatewayFlags, gatewayOf, jobFlags, jobServerOptions, runService } from "@tandem/rpc";
import { DatasetBuilderModule } from "./dataset-builder.module.js";

const program = {
  name: "dataset-builder",
  purpose:
    "Makes and checks datasets of images and latents: DatasetBuilderService, JobService and ArtifactService of tandem.v1.",
  example: "dataset-builder --listen 127.0.0.1:50054 --roots /data --threads 4",
  flags: { ...jobFlags, ...gatewayFlags },
};
await runService(program, (config, logger) =>
  DatasetBuilderModule.forRoot({
    ...jobServerOptions(config, program.name, logger),
    provider: config.device,
    gateway: gatewayOf(config),
  }),
);
