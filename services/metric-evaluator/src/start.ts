/** @file The metric evaluator's process: `metric-evaluator --help`. */
import { join, resolve } from "node:path";
import { type Flags, gatewayFlags, gatewayOf, jobFlags, jobServerOptions, runService } from "@tandem/rpc";
import { checkDetectorName } from "./detectors/detector-files.js";
import { MetricEvaluatorModule } from "./metric-evaluator.module.js";

const flags = {
  ...jobFlags,
  ...gatewayFlags,
  detector: {
    value: "NAME=FILE",
    isRepeatable: true,
    help: "weights of a detector: a path or URI, with #sha256=DIGITS to have it checked; a URI is fetched on first use",
    read: (text: string): [string, string] => {
      const [, name = "", file = ""] = /^([^=]+)=(.+)$/.exec(text) ?? [];
      if (file === "") throw new Error(`must be NAME=FILE, not ${text}`);
      return [checkDetectorName(name, "detector"), file];
    },
  },
  detectors: {
    value: "FOLDER",
    help: "folder of weights named DETECTOR.safetensors, .pth, .pt or .pkl (default: detectors in TANDEM_HOME)",
  },
  measurements: {
    value: "FOLDER",
    help: "records, and what is measured half: an equal request goes on with it (default: in --data)",
  },
} as const satisfies Flags;

const program = {
  name: "metric-evaluator",
  purpose:
    "Measures images and models: FID, FD-DINOv2 and others. MetricEvaluatorService, JobService and ArtifactService of tandem.v1.",
  example: "metric-evaluator --listen 127.0.0.1:50054 --roots /data --gateway 127.0.0.1:8080",
  flags,
};

await runService(program, (config, logger) => {
  const { home, detectors = join(home, "detectors"), measurements } = config;
  return MetricEvaluatorModule.forRoot({
    ...jobServerOptions(config, program.name, logger),
    detectors: { folder: resolve(detectors), named: new Map(config.detector) },
    provider: config.device,
    ...(measurements !== undefined && { measurements: resolve(measurements) }),
    gateway: gatewayOf(config),
  });
});
