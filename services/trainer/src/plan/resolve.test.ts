/**
 * A run of weeks that was resolved wrongly is weeks lost: every preset has the paper's numbers, every field a meaning, and what
 * cannot work is refused with what would.
 */
import { describe, expect, it } from "@jest/globals";
import type { Edm2Training } from "@tandem/contracts";
import type { DatasetFacts } from "@tandem/datasets";
import { listPresets, presetNames } from "../presets/presets.js";
import { digits, type Edm2Draft, edm2 } from "../testing/draft.js";
import { toEdm2Plan } from "./edm2-plan.js";
import { resolveEdm2 } from "./resolve.js";

const latents: DatasetFacts = { count: 1_281_167, shape: [8, 64, 64], kind: "latents", labelDim: 1000 };
const small: Edm2Draft = { preset: "edm2-img64-xs", batchSize: 64, dataset: { uri: "digits.zip" } };
const resolve = (own: Edm2Draft, facts = digits) => resolveEdm2(edm2(own), facts);
const planOf = (own: Edm2Draft, facts = digits) => toEdm2Plan(resolve(own, facts));
const refusal = (own: Edm2Draft, facts = digits): unknown => {
  try {
    return resolve(own, facts);
  } catch (error) {
    return error;
  }
};

describe("presets", () => {
  // Duration in Mi images, channels, learning rate, decay, dropout, P_mean, P_std: numerics, section 4.
  it.each([
    ["edm2-img512-xxs", 2048, 64, 0.017, 70000, 0, -0.4, 1],
    ["edm2-img512-xs", 2048, 128, 0.012, 70000, 0, -0.4, 1],
    ["edm2-img512-s", 2048, 192, 0.01, 70000, 0, -0.4, 1],
    ["edm2-img512-m", 2048, 256, 0.009, 70000, 0.1, -0.4, 1],
    ["edm2-img512-l", 1792, 320, 0.008, 70000, 0.1, -0.4, 1],
    ["edm2-img512-xl", 1280, 384, 0.007, 70000, 0.1, -0.4, 1],
    ["edm2-img512-xxl", 896, 448, 0.0065, 70000, 0.1, -0.4, 1],
    ["edm2-img64-xs", 1024, 128, 0.012, 35000, 0, -0.8, 1.6],
    ["edm2-img64-s", 1024, 192, 0.01, 35000, 0, -0.8, 1.6],
    ["edm2-img64-m", 2048, 256, 0.009, 35000, 0.1, -0.8, 1.6],
    ["edm2-img64-l", 1024, 320, 0.008, 35000, 0.1, -0.8, 1.6],
    ["edm2-img64-xl", 640, 384, 0.007, 35000, 0.1, -0.8, 1.6],
  ] as const)("%s", (preset, mi, modelChannels, learningRate, decayBatches, dropout, pMean, pStd) => {
    const facts = preset.includes("512") ? latents : { ...latents, shape: [3, 64, 64], kind: "images" as const };
    expect(planOf({ preset: `trainingPresets/${preset}` }, facts)).toMatchObject({
      preset,
      durationNimg: mi * 2 ** 20,
      batch: { size: 2048, batchGpu: 2048, rounds: 1, replicas: 1 },
      learningRate,
      decayBatches,
      rampupNimg: 10_000_000,
      pMean,
      pStd,
      emaStds: [0.05, 0.1],
      statusNimg: 2 ** 17,
      snapshotNimg: 2 ** 23,
      checkpointNimg: 2 ** 27,
      network: { modelChannels, dropout, numBlocks: 3, attnResolutions: [16, 8], imgResolution: 64, labelDim: 1000 },
    });
  });

  it("are 12, listed in order of name", () => {
    expect(listPresets().map(({ name }) => name)).toEqual(presetNames.map((name) => `trainingPresets/${name}`));
    expect(presetNames).toHaveLength(12);
  });

  it("are named by who does not know one", () => {
    expect(refusal({ ...small, preset: "edm2-img65-s" })).toMatchObject({
      reason: "RESOURCE_NOT_FOUND",
      message: expect.stringContaining("edm2-img64-xxl".replace("xxl", "xl")),
    });
  });
});

describe("a run", () => {
  it("takes from its preset what it does not say itself, and keeps a 0 that means something", () => {
    const own = { ...small, learningRate: 0.02, decayBatches: 0, rampupNimg: 0n, statusNimg: 0n, pMean: 0 };
    expect(planOf(own)).toMatchObject({
      learningRate: 0.02,
      decayBatches: 0,
      rampupNimg: 0,
      statusNimg: 0,
      pMean: 0,
      pStd: 1.6,
    });
  });

  it("overrides single fields of the preset's network", () => {
    const network = { channelMult: [1, 2], numBlocks: 1, attnResolutions: { values: [] }, dropout: 0.2 };
    expect(planOf({ ...small, network }).network).toMatchObject({
      modelChannels: 128,
      channelMult: [1, 2],
      attnResolutions: [],
      dropout: 0.2,
    });
  });

  it("has the resolution, channels and labels of its dataset", () => {
    expect(planOf(small).network).toMatchObject({ imgResolution: 32, imgChannels: 3, labelDim: 10 });
    expect(planOf({ ...small, classConditional: false }).network.labelDim).toBe(0);
    const { network, encoding } = planOf({}, latents);
    expect(network).toMatchObject({ imgResolution: 64, imgChannels: 4, labelDim: 1000 });
    expect(encoding).toMatchObject({ autoencoder: "stabilityai/sd-vae-ft-mse", rawStd: [4.17, 4.62, 3.71, 3.28] });
  });

  it("means the same when its resolved form is sent again", () => {
    const resolved: Edm2Training = resolve({ ...small, seed: 7n, batchGpu: 16 });
    expect(resolveEdm2(resolved, digits)).toEqual(resolved);
  });
});

describe("a run that cannot be is refused with what could", () => {
  it.each<[string, Edm2Draft, DatasetFacts, string, RegExp]>([
    ["a batch that does not split", { ...small, batchGpu: 24 }, digits, "FIELD_INVALID", /batch_gpu.*16, 32/],
    ["more replicas than there are", { ...small, replicas: 2 }, digits, "FIELD_INVALID", /replicas is 2.*one replica/],
    ["a broken last step", { ...small, durationNimg: 1000n }, digits, "FIELD_INVALID", /duration_nimg.*960 or 1024/],
    ["a status within a step", { ...small, statusNimg: 100n }, digits, "FIELD_INVALID", /status_nimg.*64 or 128/],
    ["snapshots of one name", { ...small, snapshotNimg: 512n }, digits, "FIELD_INVALID", /snapshot_nimg.*1024/],
    [
      "checkpoints within a step",
      { ...small, batchSize: 96, durationNimg: 9600n, statusNimg: 96n, snapshotNimg: 0n, checkpointNimg: 1024n },
      digits,
      "FIELD_INVALID",
      /checkpoint_nimg.*3072/,
    ],
    ["no labels to learn", small, { ...digits, labelDim: 0 }, "DATASET_INVALID", /digits\.zip has no labels/],
    [
      "another resolution",
      { ...small, network: { imgResolution: 64 } },
      digits,
      "FIELD_INVALID",
      /img_resolution is 64.*32/,
    ],
    ["oblong samples", small, { ...digits, shape: [3, 32, 16] }, "DATASET_INVALID", /16x32/],
    [
      "a network that cannot be",
      { ...small, network: { channelMult: [1, 1, 1, 1, 1, 1, 1] } },
      digits,
      "FIELD_INVALID",
      /img_resolution is 32/,
    ],
    [
      "pixels of latents",
      { encoding: { kind: { $case: "rgb", value: {} } } },
      latents,
      "FIELD_INVALID",
      /holds latents/,
    ],
    ["grey images as RGB", small, { ...digits, shape: [1, 32, 32] }, "FIELD_INVALID", /1 channels have no default/],
    ["a learning rate of 0", { ...small, learningRate: 0 }, digits, "FIELD_INVALID", /learning_rate is 0/],
    ["noise without spread", { ...small, pStd: -1 }, digits, "FIELD_INVALID", /p_std is -1/],
    ["EMA beyond its limit", { ...small, emaStds: [0.05, 0.3] }, digits, "FIELD_INVALID", /ema_stds.*0\.289/],
    ["EMA profiles of one name", { ...small, emaStds: [0.05, 0.0501] }, digits, "FIELD_INVALID", /three decimals/],
    ["mixed precision on a CPU", { ...small, mixedPrecision: true }, digits, "NOT_SUPPORTED", /float32/],
  ])("%s", (_, own, facts, reason, message) => {
    expect(refusal(own, facts)).toMatchObject({ reason, message: expect.stringMatching(message) });
  });
});
