/** @file The metrics by name: what each needs, and how it is computed. Services and help texts read this table. */
import { kernelDistance } from "./distances/kernel-distance.js";
import { densityCoverage, precisionRecall } from "./distances/neighbourhoods.js";
import type { Features } from "./features/features.js";
import { frechetDistance } from "./frechet/frechet-distance.js";
import type { Gaussian } from "./gaussian.js";
import { inceptionScore } from "./inception-score.js";

/** What every metric says of itself. */
interface Description {
  readonly name: string;
  /** Text for people. */
  readonly description: string;
  /** The detector that its name stands for; any other can be combined with it. */
  readonly detector: string;
  readonly lowerIsBetter: boolean;
}

/** Computed from mean and covariance of both sides: these add up over shards. */
export interface StatisticsMetric extends Description {
  readonly needs: "statistics";
  compute(generated: Gaussian, reference: Gaussian): Promise<number>;
}

/** Computed from the features of single images of both sides. Metrics of the same features share what they can. */
export interface FeaturesMetric extends Description {
  readonly needs: "features";
  compute(generated: Features, reference: Features, options?: FeaturesMetricOptions): Promise<number>;
}

export interface FeaturesMetricOptions {
  /** Seed of what is drawn: KID's subsets. */
  readonly seed?: bigint;
  readonly signal?: AbortSignal;
}

/** Computed from a classifier's logits of the generated images alone. */
export interface LogitsMetric extends Description {
  readonly needs: "logits";
  compute(logits: Features): Promise<number>;
}

export type Metric = StatisticsMetric | FeaturesMetric | LogitsMetric;

/** Names of detectors, as statistics carry them. */
export const INCEPTION = "inception-v3-2015-12-05";
export const DINOV2 = "dinov2-vitl14";

/** Remembers the last result of each set of generated features: two metrics are one pass over all pairs. */
function once<T>(compute: (real: Features, generated: Features, options: { signal?: AbortSignal }) => Promise<T>) {
  const results = new WeakMap<Float32Array, { reference: Float32Array; result: Promise<T> }>();
  return (generated: Features, reference: Features, { signal }: FeaturesMetricOptions = {}): Promise<T> => {
    const last = results.get(generated.rows);
    if (last?.reference === reference.rows) return last.result;
    const result = compute(reference, generated, signal ? { signal } : {});
    results.set(generated.rows, { reference: reference.rows, result });
    result.catch(() => results.delete(generated.rows)); // whoever waits for it hears why
    return result;
  };
}

const precisionAndRecall = once(precisionRecall);
const densityAndCoverage = once(densityCoverage);

const metrics: readonly Metric[] = [
  {
    name: "fid",
    description: "Fréchet Inception distance: between Gaussians of Inception-v3 features",
    detector: INCEPTION,
    needs: "statistics",
    lowerIsBetter: true,
    compute: frechetDistance,
  },
  {
    name: "fd_dinov2",
    description: "Fréchet distance between Gaussians of DINOv2 ViT-L/14 features",
    detector: DINOV2,
    needs: "statistics",
    lowerIsBetter: true,
    compute: frechetDistance,
  },
  {
    name: "kid",
    description:
      "kernel Inception distance: 100 subsets of up to 1,000 images, polynomial kernel of degree 3, unbiased",
    detector: INCEPTION,
    needs: "features",
    lowerIsBetter: true,
    compute: async (generated, reference, options) => (await kernelDistance(reference, generated, options)).mean,
  },
  {
    name: "precision",
    description: "share of generated images within the neighbourhood of a real one, k = 3",
    detector: INCEPTION,
    needs: "features",
    lowerIsBetter: false,
    compute: async (...sides) => (await precisionAndRecall(...sides)).precision,
  },
  {
    name: "recall",
    description: "share of real images within the neighbourhood of a generated one, k = 3",
    detector: INCEPTION,
    needs: "features",
    lowerIsBetter: false,
    compute: async (...sides) => (await precisionAndRecall(...sides)).recall,
  },
  {
    name: "density",
    description: "how many real neighbourhoods a generated image lies in, over k = 5",
    detector: INCEPTION,
    needs: "features",
    lowerIsBetter: false,
    compute: async (...sides) => (await densityAndCoverage(...sides)).density,
  },
  {
    name: "coverage",
    description: "share of real images with a generated one in their neighbourhood, k = 5",
    detector: INCEPTION,
    needs: "features",
    lowerIsBetter: false,
    compute: async (...sides) => (await densityAndCoverage(...sides)).coverage,
  },
  {
    name: "inception_score",
    description: "inception score of 10 splits in the order given; needs a classifier's logits, and no reference",
    detector: INCEPTION,
    needs: "logits",
    lowerIsBetter: false,
    compute: async (logits) => inceptionScore(logits).mean,
  },
];

/** The metrics by name, in the order in which they are shown. */
export const metricTable: ReadonlyMap<string, Metric> = new Map(metrics.map((metric) => [metric.name, metric]));
