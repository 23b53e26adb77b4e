/** @file The trainer process: `trainer --help`. */
import { jobFlags, jobServerOptions, runService } from "@tandem/rpc";
import { TrainerModule } from "./trainer.module.js";

const program = {
  name: "trainer",
  purpose:
    "Trains diffusion networks and converts their weights: TrainerService, JobService and ArtifactService of tandem.v1.",
  example: "trainer --listen 127.0.0.1:50052 --roots /data --roots /runs --threads 8",
  flags: jobFlags,
};
await runService(program, (config, logger) => TrainerModule.forRoot(jobServerOptions(config, program.name, logger)));
