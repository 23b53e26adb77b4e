/** A wrong sum of snapshots is a network that samples, only worse: nobody would notice. So sums are compared with EMAs tracked directly. */
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { fromFloat32, readSafetensors, type TensorData, toFloat32, writeSafetensors } from "@tandem/formats";
import {
  openSnapshot,
  PowerFunctionEma,
  parseSnapshotName,
  reconstruct,
  type StoredSnapshot,
  snapshotName,
} from "../index.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tandem-ema-"));
});
afterAll(() => rm(folder, { recursive: true }));

const BATCH = 1024;
const STEPS = 400;
const END = BATCH * STEPS;

/** A walk that drifts: parameters as a training leaves them. 70,001 elements are several pieces, the last one odd. */
function* training(elements: number): Generator<[nimg: number, parameters: Map<string, Float32Array>]> {
  const parameters = new Map([
    ["weight", new Float32Array(elements)],
    ["gain", new Float32Array(1)],
  ]);
  let seed = 1;
  const random = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    return seed / 2 ** 32;
  };
  for (let step = 1; step <= STEPS; step++) {
    const drift = Math.sin(step / 60) * 0.02;
    for (const values of parameters.values())
      for (let i = 0; i < values.length; i++) values[i] = values[i]! * 0.99 + drift + random() * 0.05;
    yield [step * BATCH, parameters];
  }
}

async function openAll(inputs: string): Promise<StoredSnapshot[]> {
  const names = (await readdir(inputs)).filter((name) => name.startsWith("network-snapshot"));
  return Promise.all(names.map((name) => openSnapshot(join(inputs, name), parseSnapshotName(name)!.profile, folder)));
}

const target = (path: string, std: number, nimg = END) => ({ path: join(folder, path), profile: { nimg, std } });

async function valuesOf(path: string, name: string): Promise<Float32Array> {
  return toFloat32((await readSafetensors(path)).tensors.get(name)!);
}

function distance(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

describe("EMAs after training equal those tracked during it", () => {
  let run: string;
  let tracked: PowerFunctionEma;
  let halfway: Float32Array;
  beforeAll(async () => {
    run = await mkdtemp(join(folder, "run-"));
    let saved: PowerFunctionEma | undefined;
    for (const [nimg, parameters] of training(70_001)) {
      saved ??= new PowerFunctionEma(parameters, [0.05, 0.1]);
      tracked ??= new PowerFunctionEma(parameters, [0.05, 0.07, 0.15]);
      saved.update(parameters, { nimg, batch: BATCH });
      tracked.update(parameters, { nimg, batch: BATCH });
      if (nimg === END / 2) halfway = tracked.averages(0.07).get("weight")!.slice();
      if (nimg % (END / 16) === 0) await saved.save(run, { nimg });
    }
  });

  it("makes a tracked length again, and others within the error of the fit", async () => {
    const targets = [target("a.safetensors", 0.05), target("b.safetensors", 0.07), target("c.safetensors", 0.15)];
    const solutions = await reconstruct(await openAll(run), targets, { batch: 2 });
    for (const [i, { path, profile }] of targets.entries()) {
      for (const name of ["weight", "gain"]) {
        const wanted = tracked.averages(profile.std).get(name)!;
        const size = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        const rounding = size * 2 ** -10 * Math.max(1, solutions[i]!.gain);
        expect(distance(await valuesOf(path, name), wanted)).toBeLessThan(solutions[i]!.fitError * size + rounding);
      }
    }
    expect(solutions[0]!.fitError).toBeLessThan(1e-6);
  });

  it("makes the length of an earlier time from the snapshots until then", async () => {
    const [solution] = await reconstruct(await openAll(run), [target("half.safetensors", 0.07, END / 2)]);
    const error = distance(await valuesOf(join(folder, "half.safetensors"), "weight"), halfway);
    expect(error).toBeLessThan(solution!.fitError * 2 + 0.002);
  });

  it("gives the same bytes on one thread and on three, in one pass and in three", async () => {
    const snapshots = await openAll(run);
    const make = async (suffix: string, options: object) => {
      const targets = [0.06, 0.08, 0.12].map((std) => target(`${suffix}-${std}.safetensors`, std));
      await reconstruct(snapshots, targets, options);
      return Promise.all(targets.map(({ path }) => readFile(path)));
    };
    expect(await make("one", { threads: 1, batch: 8 })).toEqual(await make("three", { threads: 3, batch: 1 }));
  });

  it("reports every byte of the inputs once per pass", async () => {
    const calls: [number, number][] = [];
    const snapshots = await openAll(run);
    await reconstruct(snapshots, [target("p.safetensors", 0.1), target("q.safetensors", 0.12)], {
      batch: 2,
      onProgress: (done, total) => calls.push([done, total]),
    });
    const bytes = snapshots.length * 70_002 * 2;
    expect(calls.at(-1)).toEqual([bytes, bytes]);
  });
});

describe("stored types", () => {
  it.each(["F64", "F32", "F16", "BF16"] as const)("sums %s with the rounding of float16", async (dtype) => {
    const values = Float32Array.from({ length: 1003 }, (_, i) => Math.fround(Math.sin(i) * 2 ** ((i % 40) - 26)));
    const stored = fromFloat32(values, [17, 59], dtype);
    const path = join(folder, `one-${dtype}.safetensors`);
    await writeSafetensors(path, new Map<string, TensorData>([["w", stored]]));
    const snapshot = await openSnapshot(path, { nimg: 2048, std: 0.1 }, folder);
    const output = target(`typed-${dtype}.safetensors`, 0.1, 2048);
    await reconstruct([snapshot], [output]);
    const expected = Float32Array.from(Float16Array.from(toFloat32(stored)), (value) => value + 0); // sums know no -0
    expect((await valuesOf(output.path, "w")).map((value) => value + 0)).toEqual(expected);
  });

  it("copies integers and buffers from the last snapshot", async () => {
    const steps = (value: number) =>
      ({ dtype: "I64", shape: [1], data: new Uint8Array(BigInt64Array.of(BigInt(value)).buffer) }) as const;
    const path = join(folder, "buffers.safetensors");
    const freqs = fromFloat32(Float32Array.of(1, 2), [2], "F32");
    await writeSafetensors(
      path,
      new Map<string, TensorData>([
        ["w", fromFloat32(Float32Array.of(1, 2), [2], "F16")],
        ["freqs", freqs],
        ["n", steps(7)],
      ]),
    );
    const output = target("copied.safetensors", 0.1, 1024);
    await reconstruct([await openSnapshot(path, { nimg: 1024, std: 0.1 }, folder)], [output], {
      isBuffer: (name) => name === "freqs",
    });
    const { tensors } = await readSafetensors(output.path);
    expect([tensors.get("freqs")!.dtype, [...toFloat32(tensors.get("freqs")!)]]).toEqual(["F32", [1, 2]]);
    expect(tensors.get("n")).toMatchObject({ dtype: "I64", data: steps(7).data });
  });
});

describe("what cannot be added up is refused, and nothing is left behind", () => {
  const half = (values: number[], shape = [values.length]) => fromFloat32(Float32Array.from(values), shape, "F16");
  type Tensors = Record<string, TensorData>;
  async function attempt(
    files: Tensors[],
    profiles = files.map((_, i) => ({ nimg: (i + 1) * 1024, std: 0.1 })),
    prepare = async (_: string) => {},
  ) {
    const place = await mkdtemp(join(folder, "wrong-"));
    const snapshots: StoredSnapshot[] = [];
    for (const [i, tensors] of files.entries()) {
      const path = join(place, snapshotName(`s${i}`, profiles[i]!));
      await writeSafetensors(path, new Map(Object.entries(tensors)));
      snapshots.push(await openSnapshot(path, profiles[i]!, place));
    }
    await prepare(place);
    const before = await readdir(place);
    const outputs = [0.1, 0.12].map((std) => ({
      path: join(place, `out-${std}.safetensors`),
      profile: { nimg: files.length * 1024, std },
    }));
    const error = await reconstruct(snapshots, outputs, { isBuffer: (name) => name === "freqs" }).catch(
      (reason: unknown) => reason,
    );
    expect(await readdir(place)).toEqual(before);
    return error;
  }
  const good = { w: half([1, 2, 3]), freqs: half([4]) };

  it("no snapshots", async () => expect(await attempt([], [])).toMatchObject({ reason: "RESOURCE_NOT_FOUND" }));
  it("mixed runs", async () => {
    expect(await attempt([{ ...good, freqs: half([5]) }, good])).toMatchObject({
      reason: "MODEL_INCOMPATIBLE",
      message: expect.stringMatching(/different runs: freqs/),
    });
  });
  it("a missing tensor", async () => {
    expect(await attempt([{ freqs: half([4]) }, good])).toMatchObject({
      reason: "SHAPE_MISMATCH",
      message: expect.stringMatching(/s0.*has no tensor w/),
    });
  });
  it("a tensor too many", async () => {
    expect(await attempt([{ ...good, x: half([1]) }, good])).toMatchObject({
      message: expect.stringMatching(/s0.*has a tensor x/),
    });
  });
  it("another shape", async () => {
    expect(await attempt([{ ...good, w: half([1, 2, 3], [3, 1]) }, good])).toMatchObject({
      reason: "SHAPE_MISMATCH",
      message: expect.stringMatching(/s0.*w is \[3,1\], but \[3\]/),
    });
  });
  it.each([Number.NaN, Number.POSITIVE_INFINITY])("%s inside", async (value) => {
    expect(await attempt([{ ...good, w: half([1, value, 3]) }, good])).toMatchObject({
      reason: "NOT_FINITE",
      message: expect.stringMatching(/s0.*element 1 of w/),
    });
  });
  it("one profile twice", async () => {
    const profile = { nimg: 1024, std: 0.1 };
    expect(await attempt([good, good], [profile, profile])).toMatchObject({
      reason: "FIELD_INVALID",
      message: expect.stringMatching(/s0.*s1.*same profile/),
    });
  });
  it("a file that becomes shorter", async () => {
    const prepare = async (place: string) => truncate(join(place, snapshotName("s0", { nimg: 1024, std: 0.1 })), 20);
    expect(await attempt([{ w: half([1, 2, 3]) }, { w: half([1, 2, 3]) }], undefined, prepare)).toMatchObject({
      reason: "UNSAFE_FILE",
    });
  });
  it("a sum beyond float16", async () => {
    const profiles = [1024, 2048].map((nimg) => ({ nimg, std: 0.2 }));
    const error = await attempt([{ w: half([-60000]) }, { w: half([60000]) }], profiles);
    expect(error).toMatchObject({ reason: "NOT_FINITE", message: expect.stringMatching(/w: the sum is beyond/) });
  });
  it("a stop keeps what is complete and leaves nothing half", async () => {
    const place = await mkdtemp(join(folder, "stop-"));
    const path = join(place, "s.safetensors");
    await writeSafetensors(path, new Map(Object.entries(good)));
    const snapshot = await openSnapshot(path, { nimg: 1024, std: 0.1 }, place);
    const controller = new AbortController();
    const outputs = [0.1, 0.12].map((std) => ({
      path: join(place, `out-${std}.safetensors`),
      profile: { nimg: 1024, std },
    }));
    const done = reconstruct([snapshot], outputs, {
      batch: 1,
      signal: controller.signal,
      onOutput: () => controller.abort(new Error("enough")),
    });
    await expect(done).rejects.toThrow("enough");
    expect((await readdir(place)).sort()).toEqual(["out-0.1.safetensors", "s.safetensors"]);
  });
  it("a folder that is no file of tensors", async () => {
    const path = join(folder, "text.pkl");
    await writeFile(path, "hello");
    await expect(openSnapshot(path, { nimg: 1, std: 0.1 }, folder)).rejects.toMatchObject({ reason: "UNSAFE_FILE" });
  });
});
