/**
 * @file Eight networks from 64 snapshots of 30 M parameters, against what the machine gives: reading the same files, and one float32
 * multiply-add in vector code per value read and output.
 */
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openSnapshot, reconstruct, type StoredSnapshot } from "@tandem/ema";
import { fromFloat32, writeSafetensors } from "@tandem/formats";
import { type Measurement, median } from "./measure.js";

const SNAPSHOTS = 64;
const TENSORS = 30;
const ELEMENTS = 1_000_000;
const OUTPUTS = 8;
const BYTES = SNAPSHOTS * TENSORS * ELEMENTS * 2;
const ROUNDS = 3;
/** What load, cast and add in place reach in PyTorch, measured on the same kind of machine. */
const PYTORCH_GB_PER_S = 0.22;

export async function* ema(): AsyncGenerator<Measurement> {
  const folder = await mkdtemp(join(tmpdir(), "tandem-bench-ema-"));
  try {
    const snapshots = await writeSnapshots(folder);
    const rates = { ours: [] as number[], read: [] as number[], sums: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      rates.ours.push(await gigabytesPerSecond(() => makeNetworks(snapshots, folder)));
      rates.read.push(await gigabytesPerSecond(async () => readAll(snapshots)));
      rates.sums.push(sumsPerSecond(folder));
    }
    const value = median(rates.ours);
    const ratios = rates.ours.map((ours, i) => ours / Math.min(rates.read[i]!, rates.sums[i]!));
    const ratio = median(ratios);
    const peak = process.resourceUsage().maxRSS / 1024;
    yield {
      name: "reconstruction, 8 outputs of 64 snapshots, 30 M parameters",
      value,
      unit: "GB/s",
      ratio,
      aim: "ratio >= 0.5 to the slower of reading and multiply-add, value >= 0.66",
      holds: ratio >= 0.5 && value >= 3 * PYTORCH_GB_PER_S,
      note: `reading ${median(rates.read).toFixed(2)} GB/s, multiply-add ${median(rates.sums).toFixed(2)} GB/s of snapshots; peak memory of the process ${peak.toFixed(0)} MB`,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeSnapshots(folder: string): Promise<StoredSnapshot[]> {
  const snapshots: StoredSnapshot[] = [];
  const values = Float32Array.from({ length: ELEMENTS }, (_, k) => (Math.imul(k, 2654435761) >>> 0) / 2 ** 32 - 0.5);
  const tensor = fromFloat32(values, [ELEMENTS], "F16");
  for (let i = 0; i < SNAPSHOTS; i++) {
    const path = join(folder, `s${i}.safetensors`);
    await writeSafetensors(path, new Map(Array.from({ length: TENSORS }, (_, t) => [`t${t}`, tensor])));
    const profile = { nimg: (Math.floor(i / 2) + 1) * 2 ** 20, std: i % 2 === 0 ? 0.05 : 0.1 };
    snapshots.push(await openSnapshot(path, profile, folder));
  }
  return snapshots;
}

async function makeNetworks(snapshots: readonly StoredSnapshot[], folder: string): Promise<void> {
  const targets = Array.from({ length: OUTPUTS }, (_, i) => {
    return { path: join(folder, `out${i}.safetensors`), profile: { nimg: 2 ** 25, std: 0.06 + i * 0.01 } };
  });
  await reconstruct(snapshots, targets);
}

function readAll(snapshots: readonly StoredSnapshot[]): void {
  const chunk = new Uint8Array(2 ** 20);
  for (const { path } of snapshots) {
    const file = openSync(path, "r");
    while (readSync(file, chunk, 0, chunk.byteLength, null) > 0);
    closeSync(file);
  }
}

/** Snapshot bytes a second at which the C compiler's vector code, on all cores, adds each value to eight float32 sums in memory. */
function sumsPerSecond(folder: string): number {
  const program = join(folder, "sums");
  const source = fileURLToPath(new URL("../../src/bench/sums.c", import.meta.url));
  const compiled = spawnSync("cc", ["-O3", "-march=native", "-pthread", source, "-o", program], { encoding: "utf8" });
  if (compiled.status !== 0) throw new Error(`the benchmark's peer needs a C compiler: ${compiled.stderr}`);
  const { stdout } = spawnSync(program, [], { encoding: "utf8" });
  return Number(stdout);
}

async function gigabytesPerSecond(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return BYTES / 1e6 / (performance.now() - start);
}
