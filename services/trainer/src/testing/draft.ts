/** @file For tests: requests with only the fields that matter, and a folder of their own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Edm2Training, TrainingSpec } from "@tandem/contracts";
import type { DatasetFacts } from "@tandem/datasets";

/** Fields of a diffusion run, any of them. */
export type Edm2Draft = Parameters<typeof Edm2Training.fromPartial>[0];

/** A diffusion run's part of a request. */
export const edm2 = (fields: Edm2Draft = {}): Edm2Training => Edm2Training.fromPartial(fields);

/** A whole request of a diffusion run. */
export const specOf = (fields: Edm2Draft, more: Partial<Omit<TrainingSpec, "run">> = {}): TrainingSpec =>
  TrainingSpec.fromPartial({ ...more, run: { $case: "edm2", value: edm2(fields) } });

/** 10 classes of RGB images. */
export const digits: DatasetFacts = { count: 10_000, shape: [3, 32, 32], kind: "images", labelDim: 10 };

/** A folder that goes with its test. */
export async function scratch(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "tandem-trainer-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
