/** @file `tandem`: all commands. A new command is one file and one line here. */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { makeCommand, type Run } from "./command.js";
import { datasetConvert } from "./commands/dataset-convert.js";
import { datasetDecode } from "./commands/dataset-decode.js";
import { datasetEncode } from "./commands/dataset-encode.js";
import { datasetInspect } from "./commands/dataset-inspect.js";
import { datasetLatentStats } from "./commands/dataset-latent-stats.js";
import { demo } from "./commands/demo.js";
import { doctor } from "./commands/doctor.js";
import { down } from "./commands/down.js";
import { emaCoefficients } from "./commands/ema-coefficients.js";
import { emaReconstruct } from "./commands/ema-reconstruct.js";
import { emaSweep } from "./commands/ema-sweep.js";
import { exportOnnx } from "./commands/export-onnx.js";
import { flops } from "./commands/flops.js";
import { generate } from "./commands/generate.js";
import { importFiles } from "./commands/import.js";
import { jobsCancel, jobsList, jobsPause, jobsRemove, jobsResume, jobsRetry, jobsWatch } from "./commands/jobs.js";
import { metricsCalc } from "./commands/metrics-calc.js";
import { metricsGen } from "./commands/metrics-gen.js";
import { metricsList } from "./commands/metrics-list.js";
import { metricsRef } from "./commands/metrics-ref.js";
import { metricsSweep } from "./commands/metrics-sweep.js";
import { models } from "./commands/models.js";
import { presets } from "./commands/presets.js";
import { servers } from "./commands/servers.js";
import { status } from "./commands/status.js";
import { toyPlot } from "./commands/toy-plot.js";
import { toyTrain } from "./commands/toy-train.js";
import { train } from "./commands/train.js";

import { up } from "./commands/up.js";
import { device, integer } from "./option-values.js";

/** Version of this package. */
export const version = (
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }
).version;

/** A command that only has others under it. */
function group(name: string, summary: string, ...commands: Command[]): Command {
  const command = new Command(name).description(summary);
  for (const each of commands) command.addCommand(each);
  return command;
}

/** The whole command line. `run` gets every action. */
export function makeProgram(run: Run): Command {
  const program = new Command("tandem")
    .description("EDM2 diffusion models as gRPC services: guided images, the two networks on any servers.")
    .version(version)
    .option(
      "--server <address>",
      "gateway to talk to, HOST:PORT or https://HOST:PORT (env: TANDEM_SERVER; default: embedded stack)",
    )
    .option("--json", "one JSON object a line on standard output")
    .option("--verbose", "show where an error came from")
    .option(
      "--device <device>",
      "where networks run: auto, cpu, cuda or webgpu, with :N for the Nth device",
      device,
      "auto",
    )
    .option(
      "--threads <n>",
      "threads of each network process, 1 to 1024 (default: the machine's, shared)",
      integer(1, 1024),
    )
    .addHelpText(
      "after",
      "\nExample:\n  tandem generate --net net.safetensors --gnet gnet.safetensors --guidance 2 --outdir out",
    );
  program
    .addCommand(makeCommand(up, run))
    .addCommand(makeCommand(down, run))
    .addCommand(makeCommand(status, run))
    .addCommand(makeCommand(generate, run))
    .addCommand(makeCommand(train, run))
    .addCommand(makeCommand(flops, run))
    .addCommand(makeCommand(importFiles, run))
    .addCommand(makeCommand(exportOnnx, run))
    .addCommand(
      group(
        "dataset",
        "Datasets: made, looked through, measured.",
        makeCommand(datasetConvert, run),
        makeCommand(datasetEncode, run),
        makeCommand(datasetDecode, run),
        makeCommand(datasetInspect, run),
        makeCommand(datasetLatentStats, run),
      ),
    )
    .addCommand(
      group("toy", "The 2D toy of the autoguidance paper.", makeCommand(toyTrain, run), makeCommand(toyPlot, run)),
    )
    .addCommand(
      group(
        "ema",
        "Networks of any EMA length, after training.",
        makeCommand(emaReconstruct, run),
        makeCommand(emaCoefficients, run),
        makeCommand(emaSweep, run),
      ),
    )
    .addCommand(
      group(
        "metrics",
        "How good images are: FID, FD-DINOv2 and others.",
        makeCommand(metricsCalc, run),
        makeCommand(metricsGen, run),
        makeCommand(metricsRef, run),
        makeCommand(metricsSweep, run),
        makeCommand(metricsList, run),
      ),
    )
    .addCommand(makeCommand(servers, run))
    .addCommand(makeCommand(models, run))
    .addCommand(makeCommand(presets, run))
    .addCommand(
      group(
        "jobs",
        "What the servers of the gateway work on.",
        makeCommand(jobsList, run),
        makeCommand(jobsWatch, run),
        makeCommand(jobsCancel, run),
        makeCommand(jobsPause, run),
        makeCommand(jobsResume, run),
        makeCommand(jobsRetry, run),
        makeCommand(jobsRemove, run),
      ),
    )
    .addCommand(makeCommand(doctor, run))
    .addCommand(makeCommand(demo, run), { hidden: true });
  return program;
}
