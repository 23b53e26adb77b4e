/** A wrong option costs days of training: what is written must be what is asked for, and what is not written the trainer's. */
import { describe, expect, it } from "@jest/globals";
import { TrainingSpec } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { Command } from "commander";
import { ourSpelling } from "../spelling.js";
import { type TrainOptions, trainOptions } from "./options.js";
import { checkTrainOptions, inTrainOptions, toTrainingSpec } from "./spec.js";

const files = { output: "file:///out/", dataset: "file:///data.zip" };
const optionsOf = (...args: string[]) => {
  const command = trainOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return command.parse(ourSpelling(args), { from: "user" }).opts<TrainOptions>();
};
const specOf = (...args: string[]) =>
  (TrainingSpec.toJSON(toTrainingSpec(optionsOf(...args), files)) as { edm2: object }).edm2;

describe("options of tandem train as a request", () => {
  it("say nothing that was not said", () => {
    expect(specOf()).toEqual({
      preset: "edm2-img512-s",
      dataset: { uri: "file:///data.zip" },
      classConditional: true,
      network: {},
    });
  });

  it("carry the reference's options, in its spelling too", () => {
    const args =
      "--preset=edm2-img64-s --cond=False --duration=512Mi --batch=256 --batch-gpu=32 --channels=64 --dropout=0.1";
    const noise = "--P_mean=-0.8 --P_std=1.6 --lr=0.01 --decay=35000 --fp16=false --ls=100 --bench=true";
    const counts = "--status=128Ki --snapshot=0 --checkpoint=16Mi --seed=18446744073709551615";
    expect(specOf(...`${args} ${noise} ${counts}`.split(" "))).toEqual({
      preset: "edm2-img64-s",
      dataset: { uri: "file:///data.zip" },
      classConditional: false,
      durationNimg: "536870912",
      batchSize: 256,
      batchGpu: 32,
      network: { modelChannels: 64, dropout: 0.1 },
      pMean: -0.8,
      pStd: 1.6,
      learningRate: 0.01,
      decayBatches: 35000,
      mixedPrecision: false,
      lossScaling: 100,
      benchmarkKernels: true,
      statusNimg: "131072",
      snapshotNimg: "0",
      checkpointNimg: "16777216",
      seed: "18446744073709551615",
    });
  });

  it("carry every field of the network, ramp-up and EMA lengths", () => {
    const network = "--channel-mult 1,2,2 --channel-mult-emb 4 --num-blocks 1 --attn-resolutions none --clip-act inf";
    expect(specOf(...`${network} --sigma-data 1 --ramp-up 0 --ema-std 0.05,0.1,...,0.2`.split(" "))).toMatchObject({
      network: {
        channelMult: [1, 2, 2],
        channelMultEmb: 4,
        numBlocks: 1,
        attnResolutions: {},
        clipAct: "Infinity",
        sigmaData: 1,
      },
      rampupNimg: "0",
      emaStds: [0.05, 0.1, 0.15000000000000002, 0.2],
    });
  });

  it.each([
    ["--duration", "10M"],
    ["--cond", "maybe"],
    ["--seed", "-1"],
    ["--seed", "18446744073709551616"],
    ["--P-std", "0"],
    ["--ema-std", "0.3"],
    ["--attn-resolutions", "16,x"],
    ["--dropout", "2"],
  ])("are refused when %s is %s", (option, value) => {
    expect(() => optionsOf(option, value)).toThrow(option);
  });

  it("name what is missing", () => {
    expect(() => checkTrainOptions(optionsOf("--outdir", "out"))).toThrow("--data is missing");
    expect(() => checkTrainOptions(optionsOf("--data", "a.zip"))).toThrow("--outdir is missing");
    expect(() => checkTrainOptions(optionsOf("--data", "a.zip", "--dry-run"))).not.toThrow();
  });
});

describe("an error about a field of the request", () => {
  it.each([
    [
      "spec.edm2.batch_gpu is 24, and batch_size 64 is no multiple of it",
      "--batch-gpu is 24, and --batch 64 is no multiple of it",
    ],
    ["spec.edm2.network.edm2_unet.model_channels is 0", "--channels is 0"],
    ["spec.edm2.dataset.uri is missing", "--data is missing"],
    ["runs/one holds another run: its edm2.seed is 0", "runs/one holds another run: its --seed is 0"],
    [
      "spec.edm2.learning_rate is 1; say that it may change (allow_changes)",
      "--lr is 1; say that it may change (--allow-changes)",
    ],
  ])("speaks of options: %s", (message, expected) => {
    expect(inTrainOptions(new DomainError("FIELD_INVALID", message, { field: "x" }))).toMatchObject({
      message: expected,
    });
  });
});
