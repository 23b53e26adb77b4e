/**
 * @file The Fréchet distance at 2,048 features against LAPACK's symmetric eigenvalues and SciPy's root, where Python has them, and the
 * exact sums of features against the time in which a detector makes them.
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FeatureSums, frechetDistance, type Gaussian, writeReference } from "@tandem/metrics";
import { type Measurement, median, time } from "./measure.js";

const DIM = 2048;
const IMAGES = 4096;
const CALL = 32;
const ROUNDS = 3;
/** Seconds of SciPy 1.17's sqrtm on two idle cores, measured once: what there is to say where SciPy is not. */
const SCIPY_S = 8.3;
/** Images a second that Inception-v3 does on two cores. */
const DETECTOR_RATE = 17;

export async function* frechet(): AsyncGenerator<Measurement> {
  const rows = Array.from({ length: 8 }, (_, i) => features(i));
  const add = async (sums: FeatureSums, first: number) => {
    for (let i = 0; i < IMAGES / CALL; i++) await sums.add(rows[(first + i) % rows.length]!);
    await sums.merge(new FeatureSums(DIM)); // all are in
  };
  await add(new FeatureSums(DIM), 0);
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) times.push(await time(() => add(new FeatureSums(DIM), round)));
  const perImage = median(times) / IMAGES;
  const share = (perImage * DETECTOR_RATE) / 1000;
  yield {
    name: `exact sums of ${DIM} features`,
    value: perImage,
    unit: "ms/image",
    aim: `<= 5 % of a detector of ${DETECTOR_RATE} images/s`,
    holds: share <= 0.05,
    note: `${(100 * share).toFixed(2)} % of the detector's time; ${IMAGES} images in calls of ${CALL}`,
  };
  yield* distance(await spread(1), await spread(2));
}

async function* distance(a: Gaussian, b: Gaussian): AsyncGenerator<Measurement> {
  let value = 0;
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++)
    times.push(
      await time(async () => {
        value = await frechetDistance(a, b);
      }),
    );
  const seconds = median(times) / 1000;
  const peer = await python(a, b);
  yield {
    name: `Fréchet distance of ${DIM} features`,
    value: seconds,
    unit: "s",
    ratio: (peer?.sqrtm ?? SCIPY_S) / seconds,
    aim: "ratio >= 4 to SciPy's root of a matrix; <= 2 s on an idle core",
    holds: (peer?.sqrtm ?? SCIPY_S) / seconds >= 4,
    note: peer
      ? `sqrtm ${peer.sqrtm.toFixed(1)} s in this run`
      : `sqrtm ${SCIPY_S} s, measured once on two idle cores: there is no SciPy here`,
  };
  if (!peer) return;
  yield {
    name: "the same by LAPACK's symmetric eigenvalues",
    value: peer.eigh,
    unit: "s",
    ratio: peer.eigh / seconds,
    aim: "ratio >= 0.8: products, Cholesky and eigenvalues in NumPy",
    holds: peer.eigh / seconds >= 0.8,
    note: `the two distances differ by ${Math.abs(value - peer.distance).toExponential(1)} of ${value.toFixed(3)}`,
  };
}

/** Pseudo-random features of a call. */
function features(call: number): Float32Array {
  return Float32Array.from({ length: CALL * DIM }, (_, i) => {
    const word = Math.imul(i + call * CALL * DIM + 1, 2654435761);
    return (Math.imul(word ^ (word >>> 15), 0x2c1b3c6d) >>> 0) / 2 ** 32;
  });
}

/** A Gaussian whose deviations span four decades, as a detector's do. */
async function spread(seed: number): Promise<Gaussian> {
  const sums = new FeatureSums(DIM);
  const scale = Float64Array.from({ length: DIM }, (_, j) => 10 ** ((-4 * j) / DIM));
  for (let call = 0; call < (2 * DIM) / CALL; call++) {
    const rows = features(call + seed * 1000);
    // Neighbours are mixed, so that the covariance is no diagonal.
    await sums.add(
      rows.map((value, i) => value * scale[i % DIM]! + (rows[i + 1 - (i % 2) * 2] ?? 0) * scale[(i * 7) % DIM]!),
    );
  }
  return sums.statistics();
}

const PROGRAM = `
import json, pickle, sys, time
import numpy as np, scipy.linalg
p, q = (pickle.load(open(f, "rb"))["fid"] for f in sys.argv[1:3])
t = time.perf_counter(); l = np.linalg.cholesky(p["sigma"] + 1e-15 * np.eye(len(p["mu"])))
w = np.linalg.eigvalsh(l.T @ q["sigma"] @ l); eigh = time.perf_counter() - t
t = time.perf_counter(); s = scipy.linalg.sqrtm(p["sigma"] @ q["sigma"]); sqrtm = time.perf_counter() - t
rest = np.sum((p["mu"] - q["mu"]) ** 2) + np.trace(p["sigma"] + q["sigma"])
print(json.dumps({"eigh": eigh, "sqrtm": sqrtm, "distance": rest - 2 * np.sqrt(np.maximum(w, 0)).sum()}))`;

/** The same distance by NumPy and SciPy; undefined where there are none. */
async function python(a: Gaussian, b: Gaussian) {
  if (spawnSync("python3", ["-c", "import scipy"]).status !== 0) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "tandem-bench-frechet-"));
  try {
    const files = [join(folder, "a.pkl"), join(folder, "b.pkl")] as const;
    for (const [i, gaussian] of [a, b].entries())
      await writeReference(files[i]!, { numImages: gaussian.numImages, detectors: new Map([["fid", gaussian]]) });
    const program = join(folder, "distance.py");
    await writeFile(program, PROGRAM);
    const { status, stdout, stderr } = spawnSync("python3", [program, ...files], { encoding: "utf8" });
    if (status !== 0) throw new Error(`the benchmark's peer failed: ${stderr}`);
    return JSON.parse(stdout) as { eigh: number; sqrtm: number; distance: number };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
