/** @file The networks that are measured, with random weights. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { labelDim, type Network, networkConfig, randomNetwork, sampleShape, writeNetwork } from "@tandem/networks";

const pixels = { kind: "edm2_unet", imgResolution: 32, imgChannels: 3, labelDim: 10 };

/** By name: 29.7 and 1.9 million parameters on 32 x 32 pixels, a guide for the first, and the published XS on latents. */
export const networks = {
  middle: networkConfig({ ...pixels, modelChannels: 64 }),
  guide: networkConfig({ ...pixels, modelChannels: 48 }),
  small: networkConfig({ ...pixels, modelChannels: 16 }),
  xs: networkConfig({ kind: "edm2_unet", imgResolution: 64, imgChannels: 4, labelDim: 1000, modelChannels: 128 }),
} as const;

export type NetworkName = keyof typeof networks;

export const makeNetwork = (name: NetworkName): Network => randomNetwork(networks[name], 1);

/** A batch for one evaluation. */
export interface Batch {
  readonly shape: readonly number[];
  readonly x: Float32Array<ArrayBuffer>;
  readonly sigma: Float32Array<ArrayBuffer>;
  /** One-hot rows. */
  readonly labels: Float32Array<ArrayBuffer>;
  readonly classes: readonly number[];
}

export function makeBatch(name: NetworkName, count: number): Batch {
  const config = networks[name];
  const shape = [count, ...sampleShape(config)];
  const width = labelDim(config);
  const classes = Array.from({ length: count }, (_, i) => i % width);
  const labels = new Float32Array(count * width);
  classes.forEach((label, i) => {
    labels[i * width + label] = 1;
  });
  const size = shape.reduce((a, b) => a * b, 1);
  const x = Float32Array.from({ length: size }, (_, i) => Math.sin(i * 12.9898) * 2);
  const sigma = Float32Array.from({ length: count }, (_, i) => 0.5 + i);
  return { shape, x, sigma, labels, classes };
}

/** A folder of weights files that goes away when it is disposed. */
export class WeightsFolder implements Disposable {
  private readonly path = mkdtempSync(join(tmpdir(), "tandem-bench-"));

  /** The file of a network, float16 as published snapshots are. */
  async file(name: NetworkName): Promise<string> {
    const path = join(this.path, `${name}.safetensors`);
    await writeNetwork(path, makeNetwork(name), { dtype: "F16" });
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
