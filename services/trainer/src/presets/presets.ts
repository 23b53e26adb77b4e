/** @file The published training configurations by name (arXiv 2312.02696; numerics, section 4). */
import { Edm2Training, type TrainingPreset } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";

/** Preset of a spec that names none. */
export const DEFAULT_PRESET = "edm2-img512-s";

const PREFIX = "trainingPresets/";
const MI = 2n ** 20n;

/** Images per step of every preset. */
const BATCH = 2048;

interface PresetRow {
  /** Length of the run in units of 2^20 images. */
  readonly durationMi: bigint;
  readonly channels: number;
  readonly learningRate: number;
  readonly decayBatches: number;
  readonly dropout: number;
  readonly pMean: number;
  readonly pStd: number;
}

const img512 = { decayBatches: 70_000, pMean: -0.4, pStd: 1.0 };
const img64 = { decayBatches: 35_000, pMean: -0.8, pStd: 1.6 };

const presets: Readonly<Record<string, PresetRow>> = {
  "edm2-img512-xxs": { ...img512, durationMi: 2048n, channels: 64, learningRate: 0.017, dropout: 0 },
  "edm2-img512-xs": { ...img512, durationMi: 2048n, channels: 128, learningRate: 0.012, dropout: 0 },
  "edm2-img512-s": { ...img512, durationMi: 2048n, channels: 192, learningRate: 0.01, dropout: 0 },
  "edm2-img512-m": { ...img512, durationMi: 2048n, channels: 256, learningRate: 0.009, dropout: 0.1 },
  "edm2-img512-l": { ...img512, durationMi: 1792n, channels: 320, learningRate: 0.008, dropout: 0.1 },
  "edm2-img512-xl": { ...img512, durationMi: 1280n, channels: 384, learningRate: 0.007, dropout: 0.1 },
  "edm2-img512-xxl": { ...img512, durationMi: 896n, channels: 448, learningRate: 0.0065, dropout: 0.1 },
  "edm2-img64-xs": { ...img64, durationMi: 1024n, channels: 128, learningRate: 0.012, dropout: 0 },
  "edm2-img64-s": { ...img64, durationMi: 1024n, channels: 192, learningRate: 0.01, dropout: 0 },
  "edm2-img64-m": { ...img64, durationMi: 2048n, channels: 256, learningRate: 0.009, dropout: 0.1 },
  "edm2-img64-l": { ...img64, durationMi: 1024n, channels: 320, learningRate: 0.008, dropout: 0.1 },
  "edm2-img64-xl": { ...img64, durationMi: 640n, channels: 384, learningRate: 0.007, dropout: 0.1 },
};

/** Names of the presets without their prefix, in order. */
export const presetNames: readonly string[] = Object.keys(presets).sort();

/** Name of a preset without its prefix; empty is the default. @throws DomainError RESOURCE_NOT_FOUND listing the known ones */
export function presetName(name: string): string {
  const short = name === "" ? DEFAULT_PRESET : name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
  if (Object.hasOwn(presets, short)) return short;
  throw new DomainError("RESOURCE_NOT_FOUND", `there is no preset "${name}"; known are ${presetNames.join(", ")}`, {
    field: "spec.edm2.preset",
    resource: `${PREFIX}${short}`,
  });
}

/** What a preset says, as a message: the fields that it leaves open are unset. `name` without prefix. */
export function presetConfig(name: string): Edm2Training {
  const { durationMi, channels, dropout, ...schedule } = presets[name]!;
  return Edm2Training.fromPartial({
    ...schedule,
    preset: name,
    durationNimg: durationMi * MI,
    batchSize: BATCH,
    network: { modelChannels: channels, dropout },
  });
}

/** All presets as the contract lists them, in order of name. */
export const listPresets = (): TrainingPreset[] =>
  presetNames.map((name) => {
    const { durationMi, channels } = presets[name]!;
    const [, size, model] = /^edm2-img(\d+)-(\w+)$/.exec(name)!;
    const data = size === "512" ? "ImageNet latents of 512x512 pixels" : "ImageNet at 64x64 pixels";
    const description = `EDM2-${model!.toUpperCase()} for ${data}: ${channels} channels, ${durationMi} Mi images`;
    return { name: PREFIX + name, description, config: presetConfig(name) };
  });
