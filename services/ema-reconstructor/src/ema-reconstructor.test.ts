/** Days of training end in snapshots; whoever makes the final network from them must get the reference's, or be told why not. */
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { JobState, ReconstructionSpec } from "@tandem/contracts";
import { parseSnapshotName } from "@tandem/ema";
import { fromFloat32, readSafetensors, type TensorData, toFloat32, writeSafetensors } from "@tandem/formats";
import { readNetwork, writeNetwork } from "@tandem/networks";
import { ServiceProcess } from "@tandem/rpc/testing";
import { clientsOf, type RunningReconstructor, startReconstructor } from "./testing/start-reconstructor.js";

const golden = fileURLToPath(new URL("../../../e2e/golden/phema/", import.meta.url));
let folder: string;
let server: RunningReconstructor;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tandem-reconstructor-"));
  await cp(join(golden, "run"), join(folder, "run"), { recursive: true });
  server = await startReconstructor(folder);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const uri = (...parts: string[]) => `${pathToFileURL(join(folder, ...parts)).href}/`;
const at = (...parts: string[]) => ({ uri: uri(...parts), sha256: "" });
const specOf = (fields: Partial<ReconstructionSpec> = {}): ReconstructionSpec =>
  ReconstructionSpec.fromPartial({ source: at("run"), outputUri: uri("out"), stds: [0.15], ...fields });
const create = async (spec = specOf()) => (await server.reconstructor.createReconstructionJob({ spec })).job!;
async function run(spec = specOf()) {
  const { job, warnings } = await server.ended((await create(spec)).name);
  expect(job.error?.message).toBeUndefined();
  const { models } = job.result!.kind!.value as { models: { artifact: string; skipped: boolean; fitError: number }[] };
  return { job, models, warnings };
}

/** Share of float16 values that differ; any by more than one unit in the last place counts as all. */
async function differing(ours: string, expected: string): Promise<number> {
  const [a, b] = [(await readSafetensors(ours)).tensors, (await readSafetensors(expected)).tensors];
  expect([...a.keys()].sort()).toEqual([...b.keys()].sort());
  let [different, all] = [0, 0];
  for (const [name, { data, dtype }] of a) {
    expect(dtype).toBe("F16");
    const [x, y] = [data, b.get(name)!.data].map((bytes) => new Int16Array(new Uint8Array(bytes).buffer));
    all += x!.length;
    for (let i = 0; i < x!.length; i++) {
      if (x![i] === y![i] || (x![i]! & 0x7fff) + (y![i]! & 0x7fff) === 0) continue;
      if (Math.abs(x![i]! - y![i]!) > 1) return 1;
      different++;
    }
  }
  return different / all;
}

/** The run as a trainer of ours would have left it. */
async function asOurs(): Promise<void> {
  await mkdir(join(folder, "ours"));
  for (const name of await readdir(join(folder, "run"))) {
    const network = await readNetwork(join(folder, "run", name));
    const { nimg, std } = parseSnapshotName(name)!.profile;
    const provenance = { ...network.provenance, nimg, emaStd: std, run: "jobs/made" };
    const path = join(folder, "ours", name.replace(".pkl", ".safetensors"));
    await writeNetwork(path, { ...network, provenance }, { dtype: "F16" });
  }
}

describe("reconstructions equal the reference's", () => {
  it.each(["run", "ours"])("from %s", async (source) => {
    if (source === "ours") await asOurs();
    await run(specOf({ source: at(source), stds: [0.15, 0.03, 0.07] }));
    await run(specOf({ source: at(source), stds: [0.12], nimg: 5242880n }));
    for (const expected of (await readdir(golden)).filter((name) => name.startsWith("expected"))) {
      const ours = join(folder, "out", expected.replace("expected", "phema"));
      expect(await differing(ours, join(golden, expected))).toBeLessThanOrEqual(1e-3);
    }
  });
});

describe("a reconstruction job", () => {
  it("leaves networks that say what they are, and a report of profiles wanted and obtained", async () => {
    const { models, job } = await run(specOf({ stds: [0.15, 0.1, 0.15] }));
    expect(models.map(({ skipped }) => skipped)).toEqual([false, false]);
    expect(job.progress).toMatchObject({ unit: "bytes", done: job.progress!.total });
    const network = await readNetwork(join(folder, "out", "phema-0008388-0.150.safetensors"));
    expect(network.provenance).toMatchObject({ nimg: 8388608, emaStd: 0.15, reconstructed: true });
    const { artifact } = await server.artifacts.getArtifact({ name: models[1]!.artifact });
    expect(artifact).toMatchObject({
      job: job.name,
      details: { $case: "snapshot", value: { provenance: { emaStd: 0.15 } } },
    });
    const report = JSON.parse(await readFile(join(folder, "out", "phema-0008388-report.json"), "utf8"));
    expect(report.targets[1]).toMatchObject({ std: 0.15, warnings: [] });
    expect(report.targets[1].obtainedStd).toBeCloseTo(0.15, 2);
    expect(report.targets[1].coefficients).toHaveLength(16);
  });

  it("warns of lengths that the snapshots cannot give", async () => {
    const { warnings, models } = await run(specOf({ stds: [0.01] }));
    expect(warnings.join()).toMatch(
      /std 0\.01 is off by \d+\.\d %: it is shorter than the shortest of the snapshots, 0\.05/,
    );
    expect(models[0]!.fitError).toBeGreaterThan(0.3);
  });

  it("takes what prefix and lengths say, and leaves existing outputs alone when asked", async () => {
    await run(specOf({ outputUri: uri("run") })); // beside the snapshots: not one of them the next time
    const path = join(folder, "run", "phema-0008388-0.150.safetensors");
    await rename(
      join(folder, "run", "network-snapshot-0001048-0.050.pkl"),
      join(folder, "run", "other-0001048-0.050.pkl"),
    );
    const before = await stat(path);
    const spec = specOf({
      outputUri: uri("run"),
      sourcePrefix: "network",
      sourceStds: [0.1],
      stds: [0.1, 0.15],
      skipExisting: true,
    });
    const { models } = await run(spec);
    expect(models.map(({ skipped }) => skipped)).toEqual([false, true]);
    expect((await stat(path)).mtimeMs).toBe(before.mtimeMs);
    const report = JSON.parse(await readFile(join(folder, "run", "phema-0008388-report.json"), "utf8"));
    expect(report.targets[0].coefficients.every(({ std }: { std: number }) => std === 0.1)).toBe(true);
  });

  it("goes on after kill -9 without making finished outputs again", async () => {
    const place = join(folder, "killed");
    const args = ["--listen", "127.0.0.1:0", "--roots", folder, "--data", place, "--threads", "1"];
    const main = fileURLToPath(new URL("./main.js", import.meta.url));
    const stds = Array.from({ length: 60 }, (_, i) => 0.05 + i * 0.002);
    let name = "";
    let [first, made] = ["", 0];
    {
      await using process = ServiceProcess.spawn(main, args);
      using clients = clientsOf(await process.listening());
      name = (await clients.reconstructor.createReconstructionJob({ spec: specOf({ stds, batchSize: 1 }) })).job!.name;
      while (made < 3) made = (await clients.artifacts.listArtifacts({ parent: name })).artifacts.length;
      [first = ""] = (await outputs()).sort();
      process.kill("SIGKILL");
      await process.exited;
    }
    const before = await stat(join(folder, "out", first));
    expect((await outputs()).length).toBeLessThan(60);
    await using process = ServiceProcess.spawn(main, args);
    using clients = clientsOf(await process.listening());
    const { job } = await clients.ended(name);
    expect(job.state).toBe(JobState.JOB_STATE_SUCCEEDED);
    expect((await stat(join(folder, "out", first))).mtimeMs).toBe(before.mtimeMs);
    expect((await readdir(join(folder, "out"))).filter((file) => file.endsWith(".tmp"))).toEqual([]);
    expect(await outputs()).toHaveLength(60);
  });
  const outputs = async () =>
    (await readdir(join(folder, "out"))).filter((file) => file.startsWith("phema") && file.endsWith(".safetensors"));
});

describe("what cannot be reconstructed is refused, and nothing is left behind", () => {
  const request = (fields: Partial<ReconstructionSpec>) => create(specOf(fields)).catch((error: unknown) => error);
  it.each<[string, Partial<ReconstructionSpec>, object]>([
    ["no lengths", { stds: [] }, { reason: "FIELD_INVALID", message: expect.stringMatching(/spec\.stds/) }],
    ["a length out of range", { stds: [0.3] }, { message: expect.stringMatching(/spec\.stds is 0\.3.*0\.289/) }],
    ["NaN", { stds: [Number.NaN] }, { message: expect.stringMatching(/spec\.stds is NaN/) }],
    [
      "a time of no snapshot",
      { nimg: 1000n },
      { reason: "RESOURCE_NOT_FOUND", message: expect.stringMatching(/near are 1048/) },
    ],
    ["no source", { source: { uri: "", sha256: "" } }, { reason: "FIELD_INVALID" }],
    ["a folder outside the roots", { source: { uri: "file:///etc/", sha256: "" } }, { reason: "URI_NOT_ALLOWED" }],
    [
      "a prefix of no file",
      { sourcePrefix: "other" },
      { reason: "RESOURCE_NOT_FOUND", message: expect.stringMatching(/no snapshots named other/) },
    ],
    ["lengths of no file", { sourceStds: [0.2] }, { reason: "RESOURCE_NOT_FOUND" }],
    ["a prefix with a slash", { outputPrefix: "../x" }, { message: expect.stringMatching(/output_prefix/) }],
    ["too many at once", { batchSize: 65 }, { message: expect.stringMatching(/batch_size/) }],
  ])("%s", async (_, fields, error) => expect(await request(fields)).toMatchObject(error));

  it("an empty folder", async () => {
    await mkdir(join(folder, "empty"));
    expect(await request({ source: at("empty") })).toMatchObject({ reason: "RESOURCE_NOT_FOUND" });
  });

  /** Changes one snapshot of ours, then runs. */
  async function spoiled(change: (tensors: Map<string, TensorData>) => void): Promise<string> {
    await asOurs();
    const path = join(folder, "ours", "network-snapshot-0004194-0.100.safetensors");
    const { tensors, metadata } = await readSafetensors(path);
    change(tensors);
    await writeSafetensors(path, tensors, metadata);
    const { job } = await server.ended((await create(specOf({ source: at("ours") }))).name);
    expect(job.state).toBe(JobState.JOB_STATE_FAILED);
    expect(await readdir(join(folder, "out")).catch(() => [])).toEqual([]);
    return job.error!.message;
  }
  const weight = "unet.out_conv.weight";
  const float = (values: Float32Array, shape: readonly number[]) => fromFloat32(values, shape, "F16");
  it("a mixed run", async () => {
    const change = (tensors: Map<string, TensorData>) =>
      void tensors.set("unet.emb_fourier.freqs", float(new Float32Array(8), [8]));
    expect(await spoiled(change)).toMatch(/0004194-0\.100\.safetensors.*different runs/);
  });
  it("a missing tensor", async () => {
    expect(await spoiled((tensors) => void tensors.delete(weight))).toMatch(/0004194-0\.100.*no tensor unet\.out_conv/);
  });
  it("another shape", async () => {
    expect(await spoiled((tensors) => void tensors.set(weight, float(new Float32Array(8), [8])))).toMatch(
      /is \[8\], but/,
    );
  });
  it("NaN inside", async () => {
    const change = (tensors: Map<string, TensorData>) => {
      const tensor = tensors.get(weight)!;
      tensors.set(
        weight,
        float(
          toFloat32(tensor).map((value, i) => (i === 5 ? Number.NaN : value)),
          tensor.shape,
        ),
      );
    };
    expect(await spoiled(change)).toMatch(/0004194-0\.100.*element 5 of unet\.out_conv\.weight is NaN/);
  });
  it("a pickle that is none", async () => {
    await writeFile(join(folder, "run", "network-snapshot-0004194-0.100.pkl"), "hello");
    const { job } = await server.ended((await create()).name);
    expect(job.error!.message).toMatch(/0004194-0\.100\.pkl/);
    expect(await readdir(join(folder, "out")).catch(() => [])).toEqual([]);
  });
});

describe("SolveCoefficients", () => {
  const profiles = [1, 2, 3].map((i) => ({ nimg: BigInt(i * 2 ** 20), std: 0.1 }));
  it("tells weights, exponent and the error of the fit without reading anything", async () => {
    const { solutions } = await server.reconstructor.solveCoefficients({
      inputs: profiles,
      targets: [profiles[1]!, { nimg: 3n << 20n, std: 0.02 }],
    });
    expect(solutions[0]!.coefficients.map((value) => Math.round(value * 1e9) / 1e9)).toEqual([0, 1, 0]);
    expect(solutions[0]).toMatchObject({ target: profiles[1], warnings: [] });
    expect(solutions[1]!.fitError).toBeGreaterThan(0.2);
    expect(solutions[1]!.warnings.join()).toMatch(/shorter than the shortest/);
  });
  it("refuses a target before all inputs", async () => {
    const call = server.reconstructor.solveCoefficients({ inputs: profiles, targets: [{ nimg: 5n, std: 0.1 }] });
    await expect(call).rejects.toMatchObject({ reason: "RESOURCE_NOT_FOUND" });
  });
});
