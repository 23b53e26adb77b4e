/** @file The EMA reconstructor's process: `ema-reconstructor --help`. */
import { jobFlags, jobServerOptions, runService } from "@tandem/rpc";
import { EmaReconstructorModule } from "./ema-reconstructor.module.js";

const program = {
  name: "ema-reconstructor",
  purpose:
    "Makes networks with other EMA lengths from the snapshots of a run: EmaReconstructorService, JobService and ArtifactService of tandem.v1.",
  example: "ema-reconstructor --listen 127.0.0.1:50053 --roots /runs --threads 4",
  flags: jobFlags,
};
await runService(program, (config, logger) =>
  EmaReconstructorModule.forRoot(jobServerOptions(config, program.name, logger)),
);
