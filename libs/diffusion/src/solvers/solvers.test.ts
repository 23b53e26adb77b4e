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
async function pathError(solver: SolverName, levels: Float64Array): Promise<number> {
  const { samples } = await sample({ denoiser: gaussianDenoiser(points), levels, solver, start });
  const exact = start.data.map((value) => value / Math.hypot(1, 80));
  return samples.data.reduce((max, value, i) => Math.max(max, Math.abs(value / exact[i]! - 1)), 0);
}

/** Every second level moved three quarters of the way: a solver that assumes equal steps loses its order. */
function unevenLevels(steps: number): Float64Array {
  const even = noiseLevels({ steps });
  const isMoved = (i: number) => i % 2 === 1 && i < steps - 1;
  return even.map((sigma, i) => (isMoved(i) ? even[i - 1]! ** 0.2 * even[i + 1]! ** 0.8 : sigma));
}

describe.each(Object.keys(solvers) as SolverName[])("%s follows the exact Gaussian path", (name) => {
  const solver = solvers[name];

  it.each([
    ["the usual steps", (steps: number) => noiseLevels({ steps })],
    ["steps of alternating length", unevenLevels],
  ])("loses 2^order of its error when the number of %s doubles", async (_, levels) => {
    const ratio = (await pathError(name, levels(32))) / (await pathError(name, levels(64)));
    expect(ratio).toBeGreaterThan(0.9 * 2 ** solver.order);
    expect(ratio).toBeLessThan(1.35 * 2 ** solver.order);
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
