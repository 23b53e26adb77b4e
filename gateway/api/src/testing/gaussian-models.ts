/** @file Models of a test server: exact denoisers of Gaussian data, described as a real server describes its networks. */
import { DataType, Model, ModelKind, ModelState } from "@tandem/contracts";
import { checkDenoiserInput, type Denoiser, sizeOf } from "@tandem/diffusion";

/**
 * A model of a test server: data from N(mean of the label, spread^2), of which the exact denoiser is
 * D(x; sigma) = (spread^2 x + sigma^2 mean) / (spread^2 + sigma^2).
 */
export interface TestModel {
  /** `models/{model}`. */
  readonly name: string;
  /** Default [3, 4, 4]. */
  readonly sampleShape?: readonly number[];
  /** Default 4. */
  readonly labelDim?: number;
  /** Default 64. */
  readonly maxBatchSize?: number;
  /** Standard deviation of the data; default 1. */
  readonly spread?: number;
  /** The mean of label l is meanStep (l + 1), of a zero row 0; default 0.25. */
  readonly meanStep?: number;
  /** Models of equal digest stand in for each other. Default: one made from spread, meanStep and shape. */
  readonly digest?: string;
  /** URI that it was loaded from. */
  readonly source?: string;
  /** Default RGB for three channels, else none. */
  readonly encoding?: "rgb" | "latent";
  /** Autoencoder that latents say they are of; their statistics are mean 0.6 and deviation 0.1 in every channel. */
  readonly autoencoder?: string;
  /** What it is for; an autoencoder has 4 latent channels, each of its pixels being a latent's first three in 2x2. */
  readonly kind?: "denoiser" | "autoencoder";
  /** Time that an evaluation takes, milliseconds; default none. */
  readonly delayMs?: number;
  readonly state?: ModelState;
}

/** A digest that differs when the function does. */
export function digestOf({
  digest,
  kind = "denoiser",
  spread = 1,
  meanStep = 0.25,
  sampleShape = [3, 4, 4],
  labelDim = 4,
}: TestModel): string {
  const facts = `${kind === "denoiser" ? "" : kind} ${spread} ${meanStep} ${sampleShape} ${labelDim}`.trim();
  return digest ?? `sha256:${Buffer.from(facts).toString("hex").padEnd(64, "0").slice(0, 64)}`;
}

/** The model as ModelService describes it. */
export function describeModel(model: TestModel): Model {
  const { name, source, sampleShape = [3, 4, 4], labelDim = 4, maxBatchSize = 64 } = model;
  const isAutoencoder = model.kind === "autoencoder";
  const encoding = isAutoencoder ? undefined : (model.encoding ?? (sampleShape[0] === 3 ? "rgb" : undefined));
  const each = (value: number) => Array.from({ length: sampleShape[0] ?? 0 }, () => value);
  const statistics = { rawMean: each(0.6), rawStd: each(0.1), finalMean: 0, finalStd: 0.5 };
  const latent = { autoencoder: model.autoencoder ?? "", downscale: 2, statistics };
  return Model.fromPartial({
    name,
    kind: isAutoencoder ? ModelKind.MODEL_KIND_AUTOENCODER : ModelKind.MODEL_KIND_DENOISER,
    ...(isAutoencoder && {
      network: { architecture: { $case: "klAutoencoder", value: { latentChannels: 4, downscale: 2 } } },
    }),
    state: model.state ?? ModelState.MODEL_STATE_READY,
    sampleShape: [...sampleShape],
    labelDim,
    sigmaMin: 0.002,
    sigmaMax: 80,
    wireTypes: [DataType.DATA_TYPE_FLOAT32, DataType.DATA_TYPE_FLOAT16, DataType.DATA_TYPE_BFLOAT16],
    maxBatchSize,
    weightsDigest: digestOf(model),
    execution: { provider: "cpu", computeType: DataType.DATA_TYPE_FLOAT32, runtime: "closed form" },
    ...(encoding === "rgb" && { encoding: { kind: { $case: "rgb", value: {} } } }),
    ...(encoding === "latent" && { encoding: { kind: { $case: "latent", value: latent } } }),
    ...(source !== undefined && { source: { uri: source } }),
  });
}

/** The exact denoiser of one sample. */
export function denoisedSample(
  { spread = 1, meanStep = 0.25 }: TestModel,
  x: Float32Array,
  sigma: number,
  label: Float32Array,
): Float32Array<ArrayBuffer> {
  const mean = label.reduce((sum, share, l) => sum + share * meanStep * (l + 1), 0);
  return Float32Array.from(x, (value) => (spread ** 2 * value + sigma ** 2 * mean) / (spread ** 2 + sigma ** 2));
}

/** The model's function; `onEvaluation` is awaited before each evaluation. */
export function denoiserOf(model: TestModel, onEvaluation: (model: string) => Promise<void>): Denoiser {
  const { name, sampleShape = [3, 4, 4], labelDim = 4, maxBatchSize = 64 } = model;
  const info = { name, sampleShape, labelDim, maxBatchSize, weightsDigests: { [name]: digestOf(model) } };
  const size = sizeOf(sampleShape);
  return {
    info,
    async denoise(x, sigma, labels, signal) {
      checkDenoiserInput(info, x, sigma, labels);
      await onEvaluation(name);
      signal?.throwIfAborted();
      const data = new Float32Array(x.data.length);
      for (const [n, level] of sigma.entries()) {
        const label = labels?.data.subarray(n * labelDim, (n + 1) * labelDim) ?? new Float32Array(0);
        data.set(denoisedSample(model, x.data.subarray(n * size, (n + 1) * size), level, label), n * size);
      }
      return { shape: x.shape, data };
    },
  };
}
