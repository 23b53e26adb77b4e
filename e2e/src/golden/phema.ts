/** @file phema/: the mathematics of EMA profiles, and networks reconstructed from a run's snapshots: pickles, and as our trainer writes them. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  correlation,
  emaBeta,
  exponentOf,
  openSnapshot,
  parseSnapshotName,
  placedSnapshot,
  reconstruct,
  response,
  type StoredSnapshot,
  solveCoefficients,
  stdOf,
  toPower,
} from "@tandem/ema";
import { readSafetensors } from "@tandem/formats";
import { readNetwork, writeNetwork } from "@tandem/networks";
import { type GoldenCase, maxDifference, type Outcome } from "./case.js";
import type { GoldenFolder } from "./folder.js";

interface MathFile {
  std_to_exp: { std: number; exp: number }[];
  exp_to_std: { std: number; exp: number }[];
  beta: { std: number; t_next: number; t_delta: number; beta: number }[];
  response: { ofs: number; std: number; len: number; response: number[] }[];
  correlation: { a_ofs: number; a_std: number; b_ofs: number; b_std: number; value: number }[];
  coefficients: { in_ofs: number[]; in_std: number[]; out_ofs: number; out_std: number[]; coefs: number[][] }[];
}

export async function* phema(folder: GoldenFolder): AsyncGenerator<GoldenCase> {
  yield* mathematics(folder);
  for (const kind of ["pickles", "our snapshots"] as const)
    for (const name of folder.names("phema", ".safetensors"))
      yield { section: "phema", name: `${name} from ${kind}`, run: () => reconstruction(folder, name, kind) };
}

function* mathematics(folder: GoldenFolder): Generator<GoldenCase> {
  const { std_to_exp, exp_to_std, beta, ...file } = folder.json<MathFile>("phema", "math.json");
  const profile = (nimg: number, std: number) => ({ nimg, std });
  const section = "phema/math.json";
  const each = (name: string, outcomes: () => Outcome[]): GoldenCase => {
    return { section, name, run: async () => outcomes().reduce((a, b) => (a.error > b.error ? a : b)) };
  };
  yield each("exponents", () => std_to_exp.map(({ std, exp }) => close(exponentOf(std), exp)));
  yield each("deviations", () => exp_to_std.map(({ std, exp }) => close(stdOf(exp), std)));
  yield each("decays", () =>
    beta.map(({ std, t_next, t_delta, beta }) => close(emaBeta(exponentOf(std), t_next, t_delta), beta)),
  );
  yield each("responses", () =>
    file.response.flatMap(({ ofs, std, len, response: expected }) =>
      response(toPower(profile(ofs, std)), len).map((weight, i) => close(weight, expected[i]!)),
    ),
  );
  yield each("correlations", () =>
    file.correlation.map(({ a_ofs, a_std, b_ofs, b_std, value }) =>
      close(correlation(toPower(profile(a_ofs, a_std)), toPower(profile(b_ofs, b_std))), value),
    ),
  );
  for (const { in_ofs, in_std, out_ofs, out_std, coefs } of file.coefficients) {
    yield each(`coefficients of ${in_ofs.length} snapshots`, () => {
      const inputs = in_ofs.map((nimg, i) => profile(nimg, in_std[i]!));
      const solutions = solveCoefficients(
        inputs,
        out_std.map((std) => profile(out_ofs, std)),
      );
      return solutions.map(({ coefficients }, k) => ({
        error: maxDifference(
          coefficients,
          coefs.map((row) => row[k]!),
        ),
        tolerance: 1e-6,
      }));
    });
  }
}

const close = (ours: number, expected: number): Outcome => ({
  error: ours === expected ? 0 : Math.abs(ours - expected) / Math.abs(expected),
  tolerance: 1e-9,
});

async function reconstruction(folder: GoldenFolder, name: string, kind: "pickles" | "our snapshots"): Promise<Outcome> {
  const scratch = await mkdtemp(join(tmpdir(), "tandem-phema-"));
  try {
    const snapshots: StoredSnapshot[] = [];
    for (const file of await readdir(folder.path("phema", "run"))) {
      const { profile } = parseSnapshotName(file)!;
      const pickle = folder.path("phema", "run", file);
      const network = await readNetwork(pickle);
      if (kind === "pickles") snapshots.push(await placedSnapshot(pickle, profile, network.tensors, scratch));
      else {
        const path = join(scratch, file.replace(/pkl$/, "safetensors"));
        await writeNetwork(path, network, { dtype: "F16" });
        snapshots.push(await openSnapshot(path, profile, scratch));
      }
    }
    const path = join(scratch, "made.safetensors");
    const { profile } = parseSnapshotName(`${name}.safetensors`)!;
    await reconstruct(snapshots, [{ path, profile }], { isBuffer: (tensor) => /\.(freqs|phases)$/.test(tensor) });
    const [ours, expected] = [(await readSafetensors(path)).tensors, await folder.raw("phema", `${name}.safetensors`)];
    if (ours.size !== expected.size) throw new Error(`${ours.size} tensors, not ${expected.size}`);
    let [different, all] = [0, 0];
    for (const [key, { data }] of expected) {
      const [a, b] = [ours.get(key)!.data, data].map((bytes) => new Int16Array(new Uint8Array(bytes).buffer));
      for (let i = 0; i < b!.length; i++) different += Math.min(Math.abs(a![i]! - b![i]!), 2) ** 20; // two units are never few
      all += b!.length;
    }
    return { error: different / all, tolerance: 1e-3 };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
