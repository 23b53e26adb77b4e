/**
 * A registered solver is a tested solver. For data from N(0, 1) the denoiser is x / (1 + sigma^2) and the exact path is
 * proportional to sqrt(1 + sigma^2), so the error of a whole run is known.
 */
import { describe, expect, it } from "@jest/globals";
import { noiseLevels } from "../noise-levels.js";
import { sample } from "../sample.js";
import { type GaussianOptions, gaussianDenoised, gaussianDenoiser } from "../testing.js";
import { type SolverName, solvers } from "./index.js";

const points: GaussianOptions = { sampleShape: [2], labelDim: 0 };
const start = { shape: [2, 2], data: Float32Array.of(80, -100, 30, 5) };

/** Largest relative error of a run from sigma 80 to 0. */
async function pathError(solver: SolverName, steps: number): Promise<number> {
  const { samples } = await sample({
    denoiser: gaussianDenoiser(points),
    levels: noiseLevels({ steps }),
    solver,
    start,
  });
  const exact = start.data.map((value) => value / Math.hypot(1, 80));
  return samples.data.reduce((max, value, i) => Math.max(max, Math.abs(value / exact[i]! - 1)), 0);
}

describe.each(Object.keys(solvers) as SolverName[])("%s follows the exact Gaussian path", (name) => {
  const solver = solvers[name];

  it("loses 2^order of its error when the steps double", async () => {
    const ratio = (await pathError(name, 32)) / (await pathError(name, 64));
    expect(ratio).toBeGreaterThan(0.9 * 2 ** solver.order);
    expect(ratio).toBeLessThan(1.3 * 2 ** solver.order);
  });

  it("gives the denoised start when it has one step", async () => {
    const { samples } = await sample({
      denoiser: gaussianDenoiser(points),
      levels: noiseLevels({ steps: 1 }),
      solver: name,
      start,
    });
    const right = gaussianDenoised(points, start.data, 80, new Float32Array(0));
    samples.data.forEach((value, i) => {
      expect(Math.abs(value - right[i]!)).toBeLessThan(1e-5 * Math.abs(start.data[i]!)); // 80 (x / 80) is not x in float32
    });
  });

  it("evaluates at the levels that it announces, in order", async () => {
    const evaluated: [number, number][] = [];
    const step = solver.start(1);
    const evaluate = async (x: Float32Array, sigma: number) => {
      evaluated.push([x[0]!, sigma]);
      return x.map((value) => value / 2);
    };
    for (const [sigma, next] of [
      [3, 2],
      [2, 0],
    ] as const) {
      evaluated.length = 0;
      const x = Float32Array.of(4);
      await step({ x, out: new Float32Array(1), sigma, next, evaluate });
      expect(evaluated.map(([, level]) => level)).toEqual(solver.levels(sigma, next));
      expect(evaluated[0]).toEqual([4, sigma]);
      expect(x).toEqual(Float32Array.of(4));
    }
  });
});
