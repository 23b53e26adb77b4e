/** @file An export's work: weights into another format, and for ONNX what that changed. */
import { drawBatch, localDenoiser } from "@tandem/diffusion";
import type { JobEnd, JobReports } from "@tandem/jobs";
import {
  buildDenoiser,
  labelDim,
  type Network,
  type OnnxNetwork,
  readDenoiser,
  readNetwork,
  sampleShape,
  writeNetwork,
  writeOnnx,
} from "@tandem/networks";
import { Runtime } from "@tandem/runtime";
import type { ExportInput, ExportType } from "./export-input.js";
import { snapshotInfo } from "./snapshot-info.js";

/** Noise levels of the comparison: low, middle and high ones of the default schedule. */
const SIGMAS = [0.002, 0.05, 0.5, 5, 80];

/**
 * Converts a network file.
 * @throws DomainError RESOURCE_NOT_FOUND, UNSAFE_FILE, MODEL_INCOMPATIBLE, NOT_SUPPORTED (an ONNX source), LIMIT_EXCEEDED
 */
export async function exportWork(input: ExportInput, reports: JobReports): Promise<JobEnd<"weightsExport">> {
  const { source, target, format, threads } = input;
  reports.progress({ done: 0, total: 1, unit: "files", stage: "reading" });
  const network = await readNetwork(source);
  const type = input.type ?? typeOf(network);
  let maxAbsDifference = 0;
  if (format === "safetensors") await writeNetwork(target, network, { dtype: type === "float16" ? "F16" : "F32" });
  else {
    await writeOnnx(target, network, { computeType: type });
    reports.progress({ done: 0, total: 1, unit: "files", stage: "comparing" });
    maxAbsDifference = await difference(network, (await readDenoiser(target)) as OnnxNetwork, threads);
  }
  const details = await snapshotInfo(target);
  const { name } = await reports.artifact({ path: target, kind: "weights", details });
  reports.progress({ done: 1, total: 1, unit: "files" });
  return { kind: "done", result: { artifact: name, maxAbsDifference } };
}

/** Float16 when every tensor is: so snapshots are stored. */
const typeOf = ({ tensors }: Network): ExportType =>
  [...tensors.values()].every(({ dtype }) => dtype === "F16") ? "float16" : "float32";

/** Largest absolute difference between what the two make of the same noisy samples. @throws DomainError NOT_FINITE */
async function difference(network: Network, exported: OnnxNetwork, threads: number): Promise<number> {
  const sampled = { sampleShape: sampleShape(network.config), labelDim: labelDim(network.config) };
  const seeds = SIGMAS.map((_, seed) => seed);
  const labels = sampled.labelDim > 0 ? seeds.map((seed) => seed % sampled.labelDim) : undefined;
  const batch = drawBatch({ ...sampled, generator: "torch-cpu", seeds, labels });
  const noise = batch.noise!;
  const size = noise.data.length / SIGMAS.length;
  const x = { ...noise, data: noise.data.map((value, i) => value * Math.hypot(SIGMAS[Math.floor(i / size)]!, 0.5)) };
  const runtime = new Runtime({ threads });
  try {
    const denoised: Float32Array[] = [];
    for (const [i, either] of [network, exported].entries()) {
      const options = { provider: "cpu", maxBatchSize: SIGMAS.length };
      const evaluator = await runtime.load(String(i), () => buildDenoiser(either), options);
      const info = {
        ...sampled,
        name: ["the source", "the export"][i]!,
        maxBatchSize: SIGMAS.length,
        weightsDigests: {},
      };
      const result = await localDenoiser(info, evaluator).denoise(x, Float32Array.from(SIGMAS), batch.labels);
      denoised.push(result.data);
    }
    const [one, other] = denoised as [Float32Array, Float32Array];
    return one.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i]!)), 0);
  } finally {
    await runtime.close();
  }
}
