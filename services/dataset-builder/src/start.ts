/** @file The dataset builder's process: `dataset-builder --help`. */
import { type Flags, jobFlags, jobServerOptions, refuseFlag, runService } from "@tandem/rpc";
import { DatasetBuilderModule } from "./dataset-builder.module.js";

const flags = {
  ...jobFlags,
  device: {
    value: "PROVIDER",
    default: "auto",
    help: "where autoencoders of files run: auto, cpu, webgpu[:n] or cuda[:n]",
  },
  gateway: { value: "HOST:PORT", help: "gateway whose autoencoders requests may name" },
  "gateway-token": { value: "TOKEN", help: "bearer token that the gateway asks for" },
} as const satisfies Flags;

const program = {
  name: "dataset-builder",
  purpose:
    "Makes and checks datasets of images and latents: DatasetBuilderService, JobService and ArtifactService of tandem.v1.",
  example: "dataset-builder --listen 127.0.0.1:50054 --roots /data --threads 4",
  flags,
};
await runService(program, (config, logger) => {
  const { gateway, "gateway-token": token, device } = config;
  if (token !== undefined && gateway === undefined) throw refuseFlag("gateway-token", "needs --gateway");
  return DatasetBuilderModule.forRoot({
    ...jobServerOptions(config, program.name, logger),
    provider: device,
    gateway: gateway === undefined ? undefined : { address: gateway, token },
  });
});
