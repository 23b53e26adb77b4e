/** A number in a paper is compared with others' for years: it must not depend on how it was computed, and never be of something else. */
import { mkdtempSync, rmSync } from "node:fs";
import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { JobState } from "@tandem/contracts";
import { type RunningEvaluator, type SpecDraft, startEvaluator } from "./testing/start-evaluator.js";
import { range, writeDetector, writeImages } from "./testing/tiny.js";

const folder = mkdtempSync(join(tmpdir(), "tandem-evaluations-"));
const uri = (name: string) => pathToFileURL(join(folder, name)).href;
const COUNT = 60;
let evaluator: RunningEvaluator;
let images: string;
let others: string;

beforeAll(async () => {
  await writeDetector(join(folder, "detectors/tiny.safetensors"));
  images = await writeImages(join(folder, "images"), range(0, COUNT));
  others = await writeImages(join(folder, "others"), range(1000, COUNT));
  evaluator = await startEvaluator(folder);
  await evaluator.evaluate(statisticsOf(images, { statisticsUri: uri("reference.pb") }));
}, 60_000);

afterAll(async () => {
  await evaluator?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const METRICS = ["fd@tiny", "kid@tiny", "precision@tiny", "coverage@tiny"];

/** Statistics of a folder, without a reference. */
function statisticsOf(files: string, more: SpecDraft = {}): SpecDraft {
  return { metrics: METRICS, source: { $case: "images", value: { files: { uri: files } } }, ...more };
}

/** A folder against the reference. */
const against = (files: string, more: SpecDraft = {}): SpecDraft =>
  statisticsOf(files, {
    reference: { uri: uri("reference.pb") },
    numImages: BigInt(COUNT),
    ignoreRecords: true,
    ...more,
  });

const values = (result: { records: { metric: string; value: number }[] }) =>
  Object.fromEntries(result.records.map(({ metric, value }) => [metric.replace("metrics/", ""), value]));

describe("an evaluation", () => {
  it("finds no distance between a set and itself, and some to another", async () => {
    const same = values(await evaluator.evaluate(against(images)));
    expect(Math.abs(same["fd@tiny"]!)).toBeLessThan(1e-6);
    expect(same).toMatchObject({ "precision@tiny": 1, "coverage@tiny": 1 });
    const other = values(await evaluator.evaluate(against(others)));
    expect(other["fd@tiny"]).toBeGreaterThan(0.01);
    expect(other["precision@tiny"]).toBeLessThan(1);
  });

  it("gives the same bits whatever the batches and the threads, and in one, two or seven shards", async () => {
    const whole = values(await evaluator.evaluate(against(others)));
    for (const batchSize of [7])
      expect(values(await evaluator.evaluate(against(others, { batchSize })))).toEqual(whole);
    for (const count of [2, 7]) {
      const parts = Array.from({ length: count }, (_, index) =>
        evaluator.evaluate(
          statisticsOf(others, { shard: { index, count }, statisticsUri: uri(`part-${count}-${index}.pb`) }),
        ),
      );
      await Promise.all(parts);
      const files = range(0, count).map((index) => ({ uri: uri(`part-${count}-${count - 1 - index}.pb`) }));
      const merged = { metrics: METRICS, source: { $case: "statistics" as const, value: { files } } };
      const result = await evaluator.evaluate({ ...merged, reference: { uri: uri("reference.pb") } });
      expect({ count, ...values(result) }).toEqual({ count, ...whole });
    }
    await using single = await startEvaluator(join(folder), 1);
    expect(values(await single.evaluate(against(others)))).toEqual(whole);
  }, 60_000);

  it("takes the subsets that seeds decide, a record each, and tells the best", async () => {
    const seeds = { $case: "images" as const, value: { files: { uri: images }, subsetSeeds: [0n, 1n] } };
    const { records, best } = await evaluator.evaluate(
      against(images, { source: seeds, numImages: 40n, metrics: ["fd@tiny", "precision@tiny"] }),
    );
    expect(records.map(({ seed, numImages }) => [seed, numImages])).toEqual(
      [0n, 0n, 1n, 1n].map((seed) => [seed, 40n]),
    );
    const distances = records.filter(({ metric }) => metric === "metrics/fd@tiny").map(({ value }) => value);
    expect(distances[0]).not.toBe(distances[1]);
    expect(best["metrics/fd@tiny"]).toBe(Math.min(...distances));
  });

  it("writes and reads statistics in our format, .npz and pickles", async () => {
    const spec = (name: string) => statisticsOf(images, { metrics: ["fd@tiny"], statisticsUri: uri(name) });
    for (const name of ["own.safetensors", "own.pkl"]) {
      await evaluator.evaluate(spec(name));
      const { records } = await evaluator.evaluate(
        against(images, { metrics: ["fd@tiny"], reference: { uri: uri(name) } }),
      );
      expect(Math.abs(records[0]!.value)).toBeLessThan(1e-6);
    }
    await expect(evaluator.evaluate(spec("own.npz"))).rejects.toThrow(/spec\.statistics_uri.*fid alone/);
  });

  it("keeps results without a place as its own artifact", async () => {
    const { statistics } = await evaluator.evaluate(statisticsOf(images));
    const { artifact } = await evaluator.artifacts.getArtifact({ name: statistics });
    expect(artifact).toMatchObject({ kind: 5, displayName: expect.stringMatching(/\.pb$/) });
    const again = await evaluator.evaluate(against(images, { reference: { uri: statistics } }));
    expect(again.records).toHaveLength(METRICS.length);
  });
});

describe("records", () => {
  it("answer an equal request, of any folder with the same images; another setting is measured", async () => {
    const ask = (files: string, more: SpecDraft = {}) =>
      evaluator.evaluate(against(files, { ignoreRecords: false, ...more }));
    const first = await ask(others);
    const copy = join(folder, "copy");
    await writeImages(copy, []);
    for (const name of await readdir(join(folder, "others")))
      await copyFile(join(folder, "others", name), join(copy, name));
    const second = await ask(`${pathToFileURL(copy).href}/`);
    expect(second.said.join()).toMatch(/seed 0 is on record/);
    expect(second.records).toEqual(first.records);
    const third = await ask(others, { numImages: 50n });
    expect(third.said).toEqual([]);
  });

  it("are listed newest first, also when their jobs are gone", async () => {
    const name = await evaluator.create(against(images, { metrics: ["fd@tiny"] }));
    await evaluator.ended(name);
    await evaluator.jobs.deleteJob({ name });
    const { records, nextPageToken } = await evaluator.evaluator.listEvaluationRecords({
      metric: "fd@tiny",
      pageSize: 1,
    });
    expect(records).toMatchObject([{ job: name, metric: { metric: "metrics/fd@tiny", detector: "tiny" } }]);
    expect(nextPageToken).not.toBe("");
    await expect(evaluator.evaluator.listEvaluationRecords({ pageToken: "abc" })).rejects.toThrow(/page_token/);
  });
});

describe("pausing", () => {
  it("keeps what was measured, and goes on to the same bits", async () => {
    const many = await writeImages(join(folder, "many"), range(0, 600));
    const spec = against(many, { numImages: 600n, batchSize: 4 });
    const whole = values(await evaluator.evaluate(spec));
    const name = await evaluator.create(spec);
    for await (const { event } of evaluator.jobs.watchJob({ name, afterSequence: 0n }))
      if (event?.$case === "progress" && event.value.done > 0n) break;
    await evaluator.jobs.pauseJob({ name });
    const { job } = await evaluator.ended(name);
    expect(job.state).toBe(JobState.JOB_STATE_PAUSED);
    const done = Number(job.progress!.done);
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(600);
    await evaluator.jobs.resumeJob({ name });
    const { job: finished } = await evaluator.ended(name);
    expect(values(finished.result!.kind!.value as never)).toEqual(whole);
  }, 60_000);
});

describe("bad input is refused before anything is measured", () => {
  const refused = async (spec: SpecDraft) => {
    try {
      await evaluator.evaluate(spec);
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error("nothing was refused");
  };

  it.each<[string, () => SpecDraft, RegExp]>([
    ["too few images", () => against(images, { numImages: 61n }), /60 images, and 61/],
    ["too few of the default", () => against(images, { numImages: 0n }), /60 images, and 50000/],
    ["no source", () => ({ metrics: METRICS }), /spec\.source/],
    ["an unknown metric", () => against(images, { metrics: ["fib"] }), /spec\.metrics\[0\].*fid, /],
    [
      "a detector without weights",
      () => against(images, { metrics: ["fid"] }),
      /pt_inception-2015-12-05-6726825d\.pth.*--detector/,
    ],
    ["an unknown detector", () => against(images, { metrics: ["fd@none"] }), /none.*detectors/],
    ["a missing reference", () => against(images, { reference: { uri: uri("gone.npz") } }), /gone\.npz/],
    ["a shard beyond", () => statisticsOf(images, { shard: { index: 2, count: 2 } }), /spec\.shard\.index/],
    [
      "a seed twice",
      () =>
        statisticsOf(images, { source: { $case: "images", value: { files: { uri: images }, subsetSeeds: [1n, 1n] } } }),
      /subset_seeds\[1\]/,
    ],
    [
      "a generation without a gateway",
      () => ({
        metrics: METRICS,
        source: { $case: "generation", value: { spec: { sampling: { model: "servers/a/models/net" } } } },
      }),
      /--gateway/,
    ],
    ["a classifier's metric", () => against(images, { metrics: ["inception_score@tiny"] }), /classifier/],
  ])("%s", async (_, spec, message) => {
    expect(await refused(spec())).toMatch(message);
  });

  it("a reference by other weights, of other features, or without samples", async () => {
    await writeDetector(join(folder, "detectors/second.safetensors"), "second");
    const second = { detectors: [{ detector: "tiny", file: { uri: uri("detectors/second.safetensors") } }] };
    expect(await refused(against(images, second))).toMatch(/made with other weights of tiny/);
    expect(await refused(against(images, { metrics: ["fd@second"] }))).toMatch(/nothing of second.*only of tiny/);
    await evaluator.evaluate(statisticsOf(images, { statisticsUri: uri("gaussian.safetensors") }));
    const gaussian = { metrics: ["kid@tiny"], reference: { uri: uri("gaussian.safetensors") } };
    expect(await refused(against(images, gaussian))).toMatch(/single images' features/);
  });

  it("a reference that is damaged, shards that do not fit together, images of two sizes", async () => {
    await writeFile(join(folder, "cut.pb"), (await readFile(join(folder, "reference.pb"))).subarray(0, 5000));
    expect(await refused(against(images, { reference: { uri: uri("cut.pb") } }))).toMatch(/cut\.pb/);
    const shard = (index: number) =>
      statisticsOf(images, { shard: { index, count: 3 }, statisticsUri: uri(`third-${index}.pb`) });
    for (const index of [0, 1]) await evaluator.evaluate(shard(index));
    const files = [0, 1].map((index) => ({ uri: uri(`third-${index}.pb`) }));
    expect(await refused({ metrics: METRICS, source: { $case: "statistics", value: { files } } })).toMatch(
      /part 2 of 3 is missing/,
    );
    await evaluator.evaluate(statisticsOf(images, { metrics: ["fd@tiny"], statisticsUri: uri("sums.pb") }));
    const sums = { source: { $case: "statistics" as const, value: { files: [{ uri: uri("sums.pb") }] } } };
    const reference = { reference: { uri: uri("reference.pb") } };
    expect(await refused({ metrics: ["kid@tiny"], ...sums, ...reference })).toMatch(/no features.*--metrics kid@tiny/);
    expect(await refused({ metrics: ["inception_score@tiny"], ...sums, ...reference })).toMatch(/logits/);
    const mixed = await writeImages(join(folder, "mixed"), range(0, 3));
    await writeImages(join(folder, "mixed"), [7], 20);
    expect(await refused(statisticsOf(mixed))).toMatch(/000007\.png.*\[3,20,20\]/);
  });
});
