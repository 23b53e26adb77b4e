/** @file Model servers that hold the networks of golden runs: one with both, and two with one each. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ImageFormat } from "@tandem/contracts";
import { parseNpy, toFloat32 } from "@tandem/formats";
import { writeNetwork } from "@tandem/networks";
import { generate, type PlacementName, placements, seedRanges } from "../client.js";
import { type Placement, Stack } from "../stack.js";
import type { GoldenFolder } from "./folder.js";
import { networkByReference } from "./models.js";
import type { Run } from "./run.js";

/** Starts a pair of stacks for each pair of networks when it is first needed; stops them all when disposed. */
export class Servers implements AsyncDisposable {
  private readonly stacks = new Map<string, Promise<Stack>>();
  private readonly files = mkdtempSync(join(tmpdir(), "tandem-golden-"));

  constructor(private readonly folder: GoldenFolder) {}

  /** Latents of all seeds in order, made by the gateway. */
  async generate(run: Run, placement: PlacementName, batchSize: number): Promise<Float32Array> {
    const stack = await this.stackOf(run, placement);
    const names = placement === "whole loop" ? ["both", "both"] : ["a", "b"];
    const model = (server: string, name: string) => `servers/${server}/models/${name}`;
    const isGuided = run.gnet !== undefined && (run.guidance ?? 1) !== 1;
    const guidance = isGuided
      ? [{ model: model(names[1]!, "gnet"), weight: run.guidance, interval: undefined, labels: 0 }]
      : [];
    const { files } = await generate(stack.gateway.address, {
      sampling: {
        model: model(names[0]!, "net"),
        guidance,
        schedule: {
          numSteps: run.num_steps ?? 0,
          sigmaMin: run.sigma_min ?? 0,
          sigmaMax: run.sigma_max ?? 0,
          rho: run.rho ?? 0,
          sigmas: [],
        },
        solver: 0,
        churn: { amount: run.S_churn ?? 0, sigmaMin: run.S_min ?? 0, sigmaMax: run.S_max, noiseScale: run.S_noise },
      },
      seeds: seedRanges(run.seeds),
      labels: run.class_idx == null ? undefined : { kind: { $case: "indices", value: { values: [run.class_idx] } } },
      batchSize,
      format: ImageFormat.IMAGE_FORMAT_NPY,
      placement: placements[placement],
    });
    const parts = run.seeds.map((seed) => toFloat32(parseNpy(files.get(BigInt(seed))!, `seed ${seed}`)));
    return Float32Array.from(parts.flatMap((part) => [...part]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.stacks.values()].map(async (stack) => (await stack)[Symbol.asyncDispose]()));
    rmSync(this.files, { recursive: true, force: true });
  }

  private stackOf(run: Run, placement: PlacementName): Promise<Stack> {
    const key = `${run.net} ${run.gnet} ${placement}`;
    const existing = this.stacks.get(key);
    if (existing) return existing;
    const started = this.start(run, placement);
    this.stacks.set(key, started);
    return started;
  }

  private async start(run: Run, placement: PlacementName): Promise<Stack> {
    const net = await this.file(run.net, run.net);
    const gnet = await this.file(run.gnet ?? run.net, run.net);
    const together: Placement = { both: { net, gnet } };
    const apart: Placement = { a: { net }, b: { gnet } };
    return Stack.start(placement === "whole loop" ? together : apart);
  }

  /** A file that a server can load: the pickle itself, or bare weights with their architecture beside them. */
  private async file(reference: string, like: string): Promise<string> {
    if (reference.endsWith(".pkl")) return this.folder.path(reference);
    const path = join(this.files, `${reference.replace(/\W/g, "-")}.safetensors`);
    await writeNetwork(path, await networkByReference(this.folder, reference, like), { dtype: "F32" });
    return path;
  }
}
