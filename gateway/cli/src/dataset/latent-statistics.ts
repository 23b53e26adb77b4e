/** @file Statistics of latents as results show them: as they were measured, and as a network's encoder takes them. */
import type { DatasetInfo } from "@tandem/contracts";
import type { Context } from "../context.js";

/** Deviation that networks are trained for (numerics, section 8). */
const FINAL_STD = 0.5;

/** Scale and bias bring latents to mean 0 and deviation 0.5. */
export function describeStatistics({ latentStatistics }: DatasetInfo) {
  const { rawMean = [], rawStd = [], numImages = 0n } = latentStatistics ?? {};
  const scale = rawStd.map((std) => FINAL_STD / std);
  const bias = rawMean.map((mean, channel) => 0 - mean * scale[channel]!);
  return { kind: "latent-stats", images: numImages, rawMean, rawStd, scale, bias };
}

/** Writes them: an object for scripts, for people a row per channel and the options of `tandem train`. */
export function showStatistics({ output }: Pick<Context, "output">, info: DatasetInfo): void {
  const statistics = describeStatistics(info);
  const { rawMean, rawStd, scale, bias, images } = statistics;
  const list = (values: readonly number[]) => values.map((value) => Number(value.toPrecision(7))).join(",");
  const options = `--latent-mean=${list(rawMean)} --latent-std=${list(rawStd)}`;
  output.result(statistics, `latents of ${images} images; for tandem train:\n${options}`);
  if (output.json) return;
  output.results(
    rawMean.map((mean, channel) => ({
      channel,
      mean,
      std: rawStd[channel]!,
      scale: scale[channel]!,
      bias: bias[channel]!,
    })),
    {
      channel: (row) => String(row.channel),
      mean: (row) => row.mean.toFixed(6),
      deviation: (row) => row.std.toFixed(6),
      scale: (row) => row.scale.toFixed(6),
      bias: (row) => row.bias.toFixed(6),
    },
    "",
  );
}
