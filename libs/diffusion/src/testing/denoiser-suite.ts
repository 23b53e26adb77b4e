/** @file What every denoiser promises, wherever it computes: one suite for local, guided and remote ones. */
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Denoiser, DenoiserInfo } from "../denoiser.js";
import { createGenerator } from "../random/index.js";
import { sizeOf, type Tensor } from "../tensor.js";

/** A denoiser under test; its maxBatchSize at least 3. */
export interface DenoiserSubject {
  readonly denoiser: Denoiser;
  /** The right answer for one sample, where it is known; compared to 1e-5 of its largest value. */
  expected?(x: Float32Array, sigma: number, label: Float32Array): Float32Array;
  /** Frees what `make` took. */
  close?(): void | Promise<void>;
}

/**
 * Registers the suite.
 * @param name who is tested, the subject of the sentences
 * @param make called once, before the tests
 */
export function denoiserSuite(name: string, make: () => DenoiserSubject | Promise<DenoiserSubject>): void {
  describe(`${name} keeps the promises of a denoiser`, () => {
    let subject: DenoiserSubject;
    let denoiser: Denoiser;
    let batch: DenoiserBatch;

    beforeAll(async () => {
      subject = await make();
      denoiser = subject.denoiser;
      batch = randomBatch(denoiser.info, [0.05, 1, 40]);
    });
    afterAll(() => subject.close?.());

    it("answers in the shape of x, finite, and right where the answer is known", async () => {
      const denoised = await denoiser.denoise(batch.x, batch.sigma, batch.labels);
      expect(denoised.shape).toEqual(batch.x.shape);
      expect(denoised.data).toHaveLength(batch.x.data.length);
      expect(denoised.data.every(Number.isFinite)).toBe(true);
      if (!subject.expected) return;
      for (let n = 0; n < 3; n++) {
        const one = sampleOf(batch, n);
        const right = subject.expected(one.x.data, one.sigma[0]!, one.labels?.data ?? new Float32Array(0));
        expect(largestDifference(rowOf(denoised, n), right)).toBeLessThan(1e-5 * largest(right));
      }
    });

    it("gives a sample of a batch, with its own noise level and label, the bytes that it gets alone", async () => {
      const together = await denoiser.denoise(batch.x, batch.sigma, batch.labels);
      for (let n = 0; n < 3; n++) {
        const one = sampleOf(batch, n);
        const alone = await denoiser.denoise(one.x, one.sigma, one.labels);
        expect(alone.data).toEqual(rowOf(together, n));
      }
    });

    it("does not mix evaluations that are under way at once", async () => {
      const ones = [0, 1, 2].map((n) => sampleOf(batch, n));
      const answers = await Promise.all(ones.map((one) => denoiser.denoise(one.x, one.sigma, one.labels)));
      const together = await denoiser.denoise(batch.x, batch.sigma, batch.labels);
      answers.forEach((answer, n) => {
        expect(answer.data).toEqual(rowOf(together, n));
      });
    });

    it("leaves its arguments untouched and its answers to the caller", async () => {
      const before = structuredClone(batch);
      const first = await denoiser.denoise(batch.x, batch.sigma, batch.labels);
      const kept = first.data.slice();
      await denoiser.denoise(sampleOf(batch, 1).x, sampleOf(batch, 1).sigma);
      expect(batch).toEqual(before);
      expect(first.data).toEqual(kept);
    });

    it("takes absent labels for zero rows, and ignores labels when it is unconditional", async () => {
      const { labelDim } = denoiser.info;
      const labels = labelDim === 0 ? { shape: [3, 5], data: new Float32Array(15).fill(1) } : zeroRows(3, labelDim);
      const absent = await denoiser.denoise(batch.x, batch.sigma);
      expect((await denoiser.denoise(batch.x, batch.sigma, labels)).data).toEqual(absent.data);
    });

    it("rejects with the signal's reason when aborted, before and in the middle", async () => {
      const reason = new Error("the tab was closed");
      const aborted = AbortSignal.abort(reason);
      await expect(denoiser.denoise(batch.x, batch.sigma, batch.labels, aborted)).rejects.toBe(reason);
      const controller = new AbortController();
      const pending = denoiser.denoise(batch.x, batch.sigma, batch.labels, controller.signal);
      controller.abort(reason);
      await expect(pending).rejects.toBe(reason);
    });

    it.each<[string, string, (good: DenoiserBatch) => DenoiserBatch]>([
      ["another sample shape", "SHAPE_MISMATCH", (good) => ({ ...good, x: { ...good.x, shape: [3, 1, 1, 1, 1] } })],
      ["no samples", "SHAPE_MISMATCH", (good) => emptied(good)],
      ["too few noise levels", "SHAPE_MISMATCH", (good) => ({ ...good, sigma: Float32Array.of(1, 1) })],
      ["noise level 0", "FIELD_INVALID", (good) => ({ ...good, sigma: Float32Array.of(1, 0, 1) })],
      ["an infinite noise level", "FIELD_INVALID", (good) => ({ ...good, sigma: Float32Array.of(1, Infinity, 1) })],
      ["NaN as noise level", "FIELD_INVALID", (good) => ({ ...good, sigma: Float32Array.of(1, Number.NaN, 1) })],
      ["NaN in x", "FIELD_INVALID", (good) => ({ ...good, x: { ...good.x, data: good.x.data.with(1, Number.NaN) } })],
    ])("refuses %s: %s", async (_, reason, spoil) => {
      const { x, sigma, labels } = spoil(batch);
      await expect(denoiser.denoise(x, sigma, labels)).rejects.toMatchObject({ name: "DomainError", reason });
    });

    it("refuses more samples than maxBatchSize, and label rows of another width", async () => {
      const many = randomBatch(denoiser.info, Array(denoiser.info.maxBatchSize + 1).fill(1));
      await expect(denoiser.denoise(many.x, many.sigma)).rejects.toMatchObject({ reason: "BATCH_TOO_LARGE" });
      if (denoiser.info.labelDim === 0) return;
      const wide = zeroRows(3, denoiser.info.labelDim + 1);
      await expect(denoiser.denoise(batch.x, batch.sigma, wide)).rejects.toMatchObject({ reason: "SHAPE_MISMATCH" });
    });
  });
}

/** Arguments of `denoise`. */
interface DenoiserBatch {
  x: Tensor;
  sigma: Float32Array;
  labels: Tensor | undefined;
}

function randomBatch({ sampleShape, labelDim }: DenoiserInfo, sigmas: number[]): DenoiserBatch {
  const size = sizeOf(sampleShape);
  const data = createGenerator("torch-cpu", 11).normal(sigmas.length * size);
  const labels = zeroRows(sigmas.length, labelDim);
  sigmas.forEach((sigma, n) => {
    for (let i = 0; i < size; i++) data[n * size + i]! *= Math.hypot(1, sigma);
    if (labelDim > 0) labels.data[n * labelDim + (n % labelDim)] = 1;
  });
  const x = { shape: [sigmas.length, ...sampleShape], data };
  return { x, sigma: Float32Array.from(sigmas), labels: labelDim > 0 ? labels : undefined };
}

function sampleOf({ x, sigma, labels }: DenoiserBatch, n: number): DenoiserBatch {
  const one = (tensor: Tensor) => ({ shape: [1, ...tensor.shape.slice(1)], data: rowOf(tensor, n) });
  return { x: one(x), sigma: sigma.slice(n, n + 1), labels: labels && one(labels) };
}

function emptied({ x, labels }: DenoiserBatch): DenoiserBatch {
  const empty = (tensor: Tensor) => ({ shape: [0, ...tensor.shape.slice(1)], data: new Float32Array(0) });
  return { x: empty(x), sigma: new Float32Array(0), labels: labels && empty(labels) };
}

function rowOf({ shape, data }: Tensor, n: number): Float32Array {
  const size = data.length / shape[0]!;
  return data.slice(n * size, (n + 1) * size);
}

function zeroRows(count: number, labelDim: number): Tensor {
  return { shape: [count, labelDim], data: new Float32Array(count * labelDim) };
}

function largest(values: Float32Array): number {
  return values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((max, value, i) => Math.max(max, Math.abs(value - b[i]!)), 0);
}
