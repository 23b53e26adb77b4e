/** @file Feature networks with their preprocessing: images a second of Inception-v3 and DINOv2 ViT-L/14 on the CPU. */
import {
  buildFeatureNetwork,
  type FeatureNetworkConfig,
  featureNetworkConfig,
  featureTensors,
  inputSize,
  type Pixels,
  preprocess,
} from "@tandem/networks";
import { hashStream, hashTensors } from "@tandem/networks/testing";
import { Runtime } from "@tandem/runtime";
import { type Measurement, median } from "./measure.js";

/** Side of the images, pixels: the published benchmark's size. */
const SIDE = 512;
const ROUNDS = 3;

interface Row {
  readonly name: string;
  readonly config: FeatureNetworkConfig;
  readonly batch: number;
  /** Images a second of PyTorch 2.13 with all of two cores, measured once when they were idle. */
  readonly pytorch: number;
}

const rows: readonly Row[] = [
  { name: "Inception-v3", config: featureNetworkConfig({ kind: "inception_v3" }), batch: 16, pytorch: 11.2 },
  { name: "DINOv2 ViT-L/14", config: featureNetworkConfig({ kind: "dinov2" }), batch: 4, pytorch: 1.75 },
];

export async function* detectors(): AsyncGenerator<Measurement> {
  for (const row of rows) yield measure(row);
}

async function measure({ name, config, batch, pytorch }: Row): Promise<Measurement> {
  const runtime = new Runtime();
  try {
    const tensors = hashTensors("bench/", featureTensors(config));
    const source = (externalFolder: string) => buildFeatureNetwork({ config, tensors, digest: "" }, { externalFolder });
    const network = await runtime.load(name, source, { provider: "cpu", maxBatchSize: batch });
    const images = Array.from({ length: batch }, (_, i) => image(i));
    let prepareMs = 0;
    const prepare = () => {
      const began = performance.now();
      const input = inputOf(config, images);
      prepareMs = performance.now() - began;
      return input;
    };
    const times: number[] = [];
    let input = prepare();
    for (let round = 0; round <= ROUNDS; round++) {
      const began = performance.now();
      const evaluated = network.evaluate({ count: batch, inputs: { x: input }, outputs: ["features"] });
      input = prepare(); // the next batch, as an evaluation does it
      await evaluated;
      if (round > 0) times.push(performance.now() - began);
    }
    const rate = (1000 * batch) / median(times);
    return {
      name,
      value: rate,
      unit: "images/s",
      ratio: rate / pytorch,
      aim: "ratio >= 1.5 to PyTorch",
      holds: rate / pytorch >= 1.5,
      note: `PyTorch ${pytorch}, measured once on two idle cores; preparing takes ${(prepareMs / batch).toFixed(1)} ms an image of ${SIDE}x${SIDE}`,
    };
  } finally {
    await runtime.close();
  }
}

function image(index: number): Pixels {
  const data = Uint8Array.from(hashStream(`image ${index}`, SIDE * SIDE * 3), (draw) => draw >>> 24);
  return { width: SIDE, height: SIDE, data };
}

function inputOf(config: FeatureNetworkConfig, images: readonly Pixels[]): Float32Array {
  const [height, width] = inputSize(config);
  const size = 3 * height * width;
  const input = new Float32Array(images.length * size);
  for (const [i, one] of images.entries()) preprocess(config, one, input.subarray(i * size, (i + 1) * size));
  return input;
}
