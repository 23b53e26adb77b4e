/** @file Training: a step of two networks split by part, and an iteration of the toy. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Measurement, median } from "./measure.js";

const program = fileURLToPath(new URL("../../../services/trainer/dist/testing/step-times.js", import.meta.url));

interface StepTimes {
  readonly parameters: number;
  readonly drawMs: number[];
  readonly roundMs: number[];
  readonly updateMs: number[];
  readonly gigaflop: number;
  readonly gigaflops: number;
  readonly peakBytes: number;
}

const measured = async <T>(request: object): Promise<T> => {
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(request)]);
  return JSON.parse(stdout) as T;
};

const small = { modelChannels: 32, channelMult: [1, 2, 2], numBlocks: 1, attnResolutions: [8], channelsPerHead: 32 };

/** The figures aimed at, and PyTorch's beside them, were taken on two idle AVX-512 cores. */
const steps = [
  {
    name: "training step, 29.7 M parameters, batch 8",
    batch: 8,
    network: { modelChannels: 64 },
    aimMs: 790,
    torchMs: 1130,
  },
  {
    name: "training step, 1.2 M parameters, batch 64",
    batch: 64,
    network: { ...small, logvarChannels: 64 },
    aimMs: 580,
    torchMs: 824,
  },
] as const;

/** Forward, backward, optimizer, EMAs: the whole step against the share of it that the machine's own matrix products would take. */
export async function* training(): AsyncGenerator<Measurement> {
  for (const { name, batch, network, aimMs, torchMs } of steps) {
    const times = await measured<StepTimes>({ steps: 7, batch, network });
    const [draw, round, update] = [median(times.drawMs), median(times.roundMs), median(times.updateMs)];
    const value = round + update;
    const share = times.gigaflop / (round / 1000) / times.gigaflops;
    const parts = `forward and backward ${round.toFixed(0)} ms, Adam and two EMAs ${update.toFixed(0)} ms, noise ${draw.toFixed(1)} ms`;
    const peak = `${(100 * share).toFixed(0)} % of ${times.gigaflops.toFixed(0)} GFLOP/s (one product of 2048²)`;
    yield {
      name,
      value,
      unit: "ms",
      ratio: aimMs / value,
      aim: `<= ${aimMs} ms; PyTorch ${torchMs} ms on two idle AVX-512 cores`,
      holds: value <= aimMs,
      note: `${parts}; ${peak}; peak ${(times.peakBytes / 2 ** 30).toFixed(2)} GiB; ${(times.parameters / 1e6).toFixed(1)} M parameters`,
    };
  }
  const { iterationMs, peakBytes } = await measured<{ iterationMs: number[]; peakBytes: number }>({
    toy: true,
    steps: 60,
  });
  const value = median(iterationMs);
  yield {
    name: "toy iteration, batch 4096",
    value,
    unit: "ms",
    ratio: 32 / value,
    aim: "<= 32 ms; PyTorch 321 ms on two idle AVX-512 cores",
    holds: value <= 32,
    note: `fastest ${Math.min(...iterationMs).toFixed(1)} ms; peak ${(peakBytes / 2 ** 30).toFixed(2)} GiB`,
  };
}
