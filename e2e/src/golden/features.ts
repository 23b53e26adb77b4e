/** @file features/inception, features/dinov2: images and tensors through whole feature networks, whose weights follow from their names. */
import { type TensorData, toFloat32 } from "@tandem/formats";
import {
  buildFeatureNetwork,
  type FeatureNetworkConfig,
  featureNetworkConfig,
  featureTensors,
  inputSize,
  preprocess,
  readFeatureNetwork,
} from "@tandem/networks";
import { hashTensors } from "@tandem/networks/testing";
import { exact, type GoldenCase, maxDifference, type Outcome, relative } from "./case.js";
import type { GoldenFolder } from "./folder.js";
import { evaluatorOf } from "./models.js";

/** A named activation as the files sample it. */
interface Tap {
  readonly rms: number;
  readonly index: readonly number[];
  readonly value: readonly number[];
}

interface Meta {
  readonly weights_prefix: string;
  readonly taps: Readonly<Record<string, Tap>>;
}

/** Runs a network on its input; outputs and activations by name. */
async function run(
  network: Parameters<typeof buildFeatureNetwork>[0],
  x: Float32Array,
): Promise<Readonly<Record<string, Float32Array>>> {
  const running = await evaluatorOf((externalFolder) =>
    buildFeatureNetwork(network, { externalFolder, activations: true }),
  );
  const [height, width] = inputSize(network.config);
  const { outputs } = await running.evaluate({ count: x.length / (3 * height * width), inputs: { x } });
  return outputs;
}

/** A network of hash weights. */
const hashed = (config: FeatureNetworkConfig, prefix: string) => ({
  config,
  tensors: hashTensors(prefix, featureTensors(config)),
  digest: "sha256:",
});

/** Images [N,3,h,w] as the network's input. */
function inputOf({ shape, data }: TensorData, config: FeatureNetworkConfig): Float32Array {
  const [count, , height, width] = shape as [number, number, number, number];
  const [rows, columns] = inputSize(config);
  const each = 3 * rows * columns;
  const input = new Float32Array(count * each);
  for (let i = 0; i < count; i++) {
    const planes = data.subarray(i * 3 * height * width, (i + 1) * 3 * height * width);
    const pixels = planes.map((_, at) => planes[(at % 3) * height * width + Math.floor(at / 3)]!);
    preprocess(config, { width, height, data: pixels }, input.subarray(i * each, (i + 1) * each));
  }
  return input;
}

/** A part of every plane of an image [3,size,size]: every `down`-th row and `across`-th column. */
function crop(image: Float32Array, size: number, down: number, across: number): Float32Array {
  const values: number[] = [];
  for (let plane = 0; plane < 3; plane++)
    for (let y = 0; y < size; y += down)
      for (let x = 0; x < size; x += across) values.push(image[(plane * size + y) * size + x]!);
  return Float32Array.from(values);
}

const taps = (outputs: Readonly<Record<string, Float32Array>>, meta: Meta): Outcome => {
  const errors = Object.entries(meta.taps).map(([name, { rms, index, value }]) => {
    const activation = outputs[`activation/${name}`]!;
    return (
      maxDifference(
        index.map((at) => activation[at]!),
        value,
      ) / rms
    );
  });
  return { error: Math.max(...errors), tolerance: 1e-4 };
};

/** features/inception. */
export async function* inception(folder: GoldenFolder): AsyncGenerator<GoldenCase> {
  const section = "features/inception";
  const meta = folder.json<Meta>(section, "meta.json");
  const config = featureNetworkConfig({ kind: "inception_v3" });
  const raw = await folder.raw(section, "io.safetensors");
  const expected = (name: string) => toFloat32(raw.get(name)!);
  const [x, big] = [inputOf(raw.get("imgs")!, config), inputOf(raw.get("big")!, config)];
  const image = 3 * 299 * 299;
  const resized: Array<[string, Float32Array]> = [
    ["resized0", x.subarray(0, image)],
    ["resized_smooth_crop", crop(x.subarray(image, 2 * image), 299, 13, 11)],
    ["big_resized_crop", crop(big, 299, 13, 11)],
  ];
  for (const [name, ours] of resized) yield { section, name, run: async () => exact(ours, expected(name)) };

  const network = hashed(config, meta.weights_prefix);
  const [outputs, ofBig] = [await run(network, x), await run(network, big)];
  /** Means over each map of an activation. */
  const means = (name: string, of: typeof outputs, images: number, channels: number) => {
    const maps = of[`activation/${name}`]!;
    const size = maps.length / images / channels;
    return Float64Array.from({ length: images * channels }, (_, i) => {
      let sum = 0;
      for (let at = i * size; at < (i + 1) * size; at++) sum += maps[at]!;
      return sum / size;
    });
  };
  const layers = { 64: "MaxPool_1", 192: "MaxPool_2", 768: "Mixed_6e" };
  const compared: Array<[string, ArrayLike<number>]> = [
    ["feat2048", outputs.features!],
    ["big_feat2048", ofBig.features!],
    ["logits_unbiased", outputs.logits!],
    ...Object.entries(layers).flatMap(
      ([width, layer]): Array<[string, ArrayLike<number>]> => [
        [`feat${width}`, means(layer, outputs, 4, Number(width))],
        [`big_feat${width}`, means(layer, ofBig, 1, Number(width))],
      ],
    ),
  ];
  for (const [name, ours] of compared) yield { section, name, run: async () => relative(ours, expected(name), 1e-5) };
  yield { section, name: "every layer", run: async () => taps(outputs, meta) };
  const bias = toFloat32(network.tensors.get("fc.bias")!);
  const biased = outputs.logits!.map((logit, i) => logit + bias[i % bias.length]!);
  yield { section, name: "logits", run: async () => relative(biased, expected("logits"), 1e-5) };
}

/** features/dinov2. */
export async function* dinov2(folder: GoldenFolder): AsyncGenerator<GoldenCase> {
  const section = "features/dinov2";
  const meta = folder.json<Meta & { num_heads: number }>(section, "meta.json");
  const images = await folder.raw(section, "preprocess.safetensors");
  const io = await folder.raw(section, "tiny_io.safetensors");
  const options = { fields: { numHeads: meta.num_heads } };
  const tiny = await readFeatureNetwork(folder.path(section, "tiny.safetensors"), options);
  const first = toFloat32(images.get("a_tensor")!);

  for (const set of ["a", "b"]) {
    const input = inputOf(images.get(set)!, tiny.config);
    const tensor = toFloat32(images.get(`${set}_tensor`)!);
    const resized = async () => ({ error: maxDifference(input.subarray(0, tensor.length), tensor), tolerance: 3e-4 });
    yield { section, name: `${set} resized and scaled`, run: resized };
    const features = async () => relative((await run(tiny, input)).features!, toFloat32(io.get(`feat_${set}`)!), 5e-5);
    yield { section, name: `${set} from pixels`, run: features };
  }
  const outputs = await run(tiny, inputOf(images.get("a")!, tiny.config));
  yield { section, name: "every layer", run: async () => taps(outputs, meta) };
  const hf = await readFeatureNetwork(folder.path(section, "tiny_hf.safetensors"), options);
  const b = toFloat32(images.get("b_tensor")!);
  const fromHf = async () => relative((await run(hf, b)).features!, toFloat32(io.get("feat_b")!), 1e-5);
  yield { section, name: "b from its tensor, weights of the other layout", run: fromHf };

  const large = folder.json<Meta>(section, "vitl14_meta.json");
  const expected = await folder.raw(section, "vitl14_io.safetensors");
  const vitl14 = await run(hashed(featureNetworkConfig({ kind: "dinov2" }), large.weights_prefix), first);
  yield {
    section,
    name: "ViT-L/14",
    run: async () => relative(vitl14.features!, toFloat32(expected.get("feat")!), 1e-5),
  };
  yield { section, name: "ViT-L/14, every layer", run: async () => taps(vitl14, large) };
}
