/** @file Power-function EMAs tracked during training, for own loops. */
import { invalid } from "@tandem/errors";
import { fromFloat32, type TensorData, writeSafetensors } from "@tandem/formats";
import { emaBeta, exponentOf } from "./profile.js";
import { snapshotName } from "./snapshot-name.js";

/** Parameters by name, float32, row major. */
export type Parameters = ReadonlyMap<string, Float32Array>;

/**
 * Averages of changing parameters. Begin at the first step: then the start's weight is 0, and what it was does not matter.
 *
 * ```ts
 * const ema = new PowerFunctionEma(parameters, [0.05, 0.1]);
 * // after every step
 * ema.update(parameters, { nimg, batch });
 * // every few thousand steps: files that `reconstruct` takes
 * await ema.save("run", { nimg, shapes });
 * ```
 */
export class PowerFunctionEma {
  readonly #profiles: readonly {
    readonly std: number;
    readonly gamma: number;
    readonly averages: Map<string, Float32Array>;
  }[];

  /** @param stds relative standard deviations; two are enough for any other afterwards @throws DomainError FIELD_INVALID */
  constructor(parameters: Parameters, stds: readonly number[]) {
    this.#profiles = stds.map((std) => ({
      std,
      gamma: exponentOf(std),
      averages: new Map([...parameters].map(([name, values]) => [name, values.slice()])),
    }));
  }

  /**
   * Takes the parameters after a step.
   * @param nimg  training time after it, images
   * @param batch images of the step; at most nimg
   * @throws DomainError FIELD_INVALID for other parameters than before
   */
  update(parameters: Parameters, { nimg, batch }: { nimg: number; batch: number }): void {
    if (!(batch > 0 && batch <= nimg)) throw invalid("batch", batch, `above 0 and at most nimg, ${nimg}`);
    for (const { gamma, averages } of this.#profiles) {
      const share = 1 - emaBeta(gamma, nimg, batch);
      for (const [name, average] of averages) {
        const values = parameters.get(name);
        if (values?.length !== average.length)
          throw invalid(`parameters.${name}`, values?.length, `${average.length} values`);
        for (let i = 0; i < average.length; i++) average[i] = average[i]! + (values[i]! - average[i]!) * share;
      }
    }
  }

  /** The averages of a profile: views that the next update changes. @throws DomainError FIELD_INVALID */
  averages(std: number): Parameters {
    const profile = this.#profiles.find((one) => one.std === std);
    if (!profile) throw invalid("std", std, this.#profiles.map((one) => one.std).join(" or "));
    return profile.averages;
  }

  /**
   * Writes a float16 snapshot of every profile into a folder, `network-snapshot-0008388-0.050.safetensors`.
   * @param shapes of the parameters that are not vectors
   * @returns the names of the files
   */
  async save(
    folder: string,
    { nimg, shapes = {} }: { nimg: number; shapes?: Readonly<Record<string, readonly number[]>> },
  ): Promise<string[]> {
    const names: string[] = [];
    for (const { std, averages } of this.#profiles) {
      const name = snapshotName("network-snapshot", { nimg, std });
      const tensors = new Map<string, TensorData>();
      for (const [key, values] of averages)
        tensors.set(key, fromFloat32(values, shapes[key] ?? [values.length], "F16"));
      await writeSafetensors(`${folder}/${name}`, tensors);
      names.push(name);
    }
    return names;
  }
}
