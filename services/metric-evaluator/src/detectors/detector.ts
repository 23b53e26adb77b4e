/** @file A detector at work: images become rows of features. */
import { firstNotFinite } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import {
  buildFeatureNetwork,
  type FeatureNetwork,
  type FeatureNetworkConfig,
  featureDim,
  inputSize,
  type Pixels,
  preprocess,
  readFeatureNetwork,
} from "@tandem/networks";
import type { Evaluator, LoadOptions, Runtime } from "@tandem/runtime";

/** What a detector says of some images, a row for each. */
export interface DetectorRows {
  /** [n, featureDim]. */
  readonly features: Float32Array;
  /** [n, classes]; absent unless the detector classifies. */
  readonly logits: Float32Array | undefined;
}

/** A feature network in memory. */
export class Detector {
  private constructor(
    readonly name: string,
    /** Of its weights, whatever file they came in. */
    readonly digest: string,
    private readonly config: FeatureNetworkConfig,
    private readonly network: Evaluator,
  ) {}

  /** @throws DomainError RESOURCE_NOT_FOUND, UNSAFE_FILE, MODEL_INCOMPATIBLE, SHAPE_MISMATCH naming file and tensor; OUT_OF_MEMORY */
  static async open(runtime: Runtime, name: string, path: string, options: LoadOptions): Promise<Detector> {
    let first: FeatureNetwork | undefined = await readFeatureNetwork(path);
    const { config, digest } = first;
    const source = async (externalFolder: string) => {
      const network = first ?? (await readFeatureNetwork(path)); // after an eviction it is read again, not kept
      first = undefined;
      return buildFeatureNetwork(network, { externalFolder });
    };
    return new Detector(name, digest, config, await runtime.load(name, source, options));
  }

  /** Width of the features. */
  get featureDim(): number {
    return featureDim(this.config);
  }

  /** Width of the logits; 0 when it has none. */
  get classes(): number {
    const logits = this.network.outputs.find(({ name }) => name === "logits");
    return Number(logits?.shape[1] ?? 0);
  }

  /** The network's input for some images, [n,3,H,W]. */
  prepare(images: readonly Pixels[]): Float32Array {
    const [height, width] = inputSize(this.config);
    const size = 3 * height * width;
    const input = new Float32Array(images.length * size);
    for (const [i, image] of images.entries()) preprocess(this.config, image, input.subarray(i * size, (i + 1) * size));
    return input;
  }

  /**
   * Rows of prepared images.
   * @param names of the images, for errors
   * @throws DomainError NOT_FINITE naming the image
   */
  async rows(input: Float32Array, names: readonly string[], wantsLogits: boolean): Promise<DetectorRows> {
    const outputs = wantsLogits ? ["features", "logits"] : ["features"];
    const { outputs: made } = await this.network.evaluate({ count: names.length, inputs: { x: input }, outputs });
    const { features, logits } = made as { features: Float32Array; logits?: Float32Array };
    this.#checkFinite(features, names);
    return { features, logits };
  }

  #checkFinite(features: Float32Array, names: readonly string[]): void {
    const bad = firstNotFinite(features);
    if (bad < 0) return;
    const image = names[Math.floor(bad / this.featureDim)];
    throw new DomainError(
      "NOT_FINITE",
      `the detector ${this.name} gives ${features[bad]} for ${image}: its weights do not fit it, or are damaged`,
      { resource: this.name },
    );
  }
}
