/** Whoever serves metrics iterates over this table and must not know any of them by name. */
import { expect, it } from "@jest/globals";
import { precisionRecall } from "./distances/neighbourhoods.js";
import { FeatureSums } from "./features/feature-sums.js";
import type { Features } from "./features/features.js";
import { metricTable } from "./metric-table.js";

const set = (shift: number): Features => ({
  dim: 4,
  rows: Float32Array.from({ length: 4 * 50 }, (_, i) => Math.sin(i * i) + shift),
});

async function gaussianOf({ dim, rows }: Features) {
  const sums = new FeatureSums(dim);
  await sums.add(rows);
  return sums.statistics();
}

it.each([...metricTable.values()])("$name is better for the same set than for another", async (metric) => {
  const [real, same, other] = [set(0), set(0.01), set(5)];
  const measured = async (generated: Features) => {
    if (metric.needs === "statistics") return metric.compute(await gaussianOf(generated), await gaussianOf(real));
    if (metric.needs === "features") return metric.compute(generated, real);
    return metric.compute({ ...generated, rows: generated.rows.map((x) => (generated === same ? 20 * x : x)) });
  };
  const [close, far] = [await measured(same), await measured(other)];
  expect(metric.lowerIsBetter ? close < far : close > far).toBe(true);
});

it("metrics of the same features share their work, and what was ended is not remembered", async () => {
  const [real, generated] = [set(0), set(0.1)];
  const [precision, recall] = ["precision", "recall"].map((name) => metricTable.get(name)!);
  if (precision?.needs !== "features" || recall?.needs !== "features") throw new Error("they need features");
  const ended = precision.compute(generated, real, { signal: AbortSignal.abort(new Error("no longer wanted")) });
  await expect(ended).rejects.toThrow("no longer wanted");
  const both = await precisionRecall(real, generated);
  expect(await precision.compute(generated, real)).toBe(both.precision);
  expect(await recall.compute(generated, real)).toBe(both.recall);
});
