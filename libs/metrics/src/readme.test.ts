/** A stranger's first minutes: the README's code, on features and statistics that are not ours. */
import { readFileSync } from "node:fs";
import { expect, it } from "@jest/globals";
import {
  densityCoverage,
  FeatureSums,
  frechetDistance,
  kernelDistance,
  precisionRecall,
  readReference,
} from "./index.js";
import { fixture } from "./test-files.js";

it("the README's examples give all metrics", async () => {
  const [sums, single] = [
    ...readFileSync(new URL("../README.md", import.meta.url), "utf8").matchAll(/```ts\n(.*?)```/gs),
  ];
  const rows = Float32Array.from({ length: 3 * 60 }, (_, i) => Math.sin(i * i));
  const values = {
    ...{ FeatureSums, frechetDistance, readReference, kernelDistance, precisionRecall, densityCoverage },
    batches: [rows.subarray(0, 90), rows.subarray(90)],
    realRows: rows,
    generatedRows: rows.map((value, i) => value + 0.1 * Math.cos(i)),
  };
  const code = `${sums![1]}${single![1]}`
    .replaceAll("2048", "3")
    .replace("imagenet-512.pkl", fixture("numpy-2-protocol-4.pkl"))
    .replaceAll(")!", ")");
  const script = new Function(
    ...Object.keys(values),
    `return (async () => {${code} return { fid, kid, precision, recall, density, coverage }; })()`,
  );
  const metrics = (await script(...Object.values(values))) as Record<string, number>;
  expect(Object.values(metrics).every(Number.isFinite)).toBe(true);
  expect(metrics.recall).toBeGreaterThan(0.5);
});
