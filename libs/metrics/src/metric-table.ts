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

/** Computed from the features of single images of both sides. */
export interface FeaturesMetric extends Description {
  readonly needs: "features";
  compute(generated: Features, reference: Features, options?: { readonly seed?: bigint }): Promise<number>;
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
    compute: async (generated, reference, { seed } = {}) =>
      (await kernelDistance(reference, generated, seed === undefined ? {} : { seed })).mean,
  },
  {
    name: "precision",
    description: "share of generated images within the neighbourhood of a real one, k = 3",
    detector: INCEPTION,
    needs: "features",
    lowerIsBetter: false,
    compute: async (generated, reference) => (await precisionRecall(reference, generated)).precision,
  },
  {
    name: "recall",
    description: "share of real images within the neighbourhood of a generated one, k = 3",
    detector: INCEPTION,
    needs: "features",
    lowerIsBetter: false,
    compute: async (generated, reference) => (await precisionRecall(reference, generated)).recall,
  },
  {
    name: "density",
    description: "how many real neighbourhoods a generated image lies in, over k = 5",
    detector: INCEPTION,
    needs: "features",
    lowerIsBetter: false,
    compute: async (generated, reference) => (await densityCoverage(reference, generated)).density,
  },
  {
    name: "coverage",
    description: "share of real images with a generated one in their neighbourhood, k = 5",
    detector: INCEPTION,
    needs: "features",
    lowerIsBetter: false,
    compute: async (generated, reference) => (await densityCoverage(reference, generated)).coverage,
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
