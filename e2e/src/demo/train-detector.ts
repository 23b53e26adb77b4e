/**
 * @file Trains the demo's detector: a vision transformer of DINOv2's structure, small, that tells digits apart. Its class token says
 * what a digit looks like, as larger detectors say it of photographs. The same dataset gives the same weights on the same machine.
 *
 *   node e2e/dist/demo/train-detector.js digits-32x32.zip digits-detector.safetensors
 */
import { openDataset, trainingSource } from "@tandem/datasets";
import { fromFloat32 } from "@tandem/formats";
import { Graph, gradients, toOnnx, type Value } from "@tandem/graph";
import {
  type FeatureNetworkConfig,
  featureNetworkConfig,
  featureTensors,
  preprocess,
  writeFeatureNetwork,
} from "@tandem/networks";
import { hashValues } from "@tandem/networks/testing";
import { InferenceSession, Tensor } from "onnxruntime-node";

const [SIDE, PATCH, WIDTH, DEPTH, HEADS] = [224, 28, 48, 2, 3];
const [CLASSES, BATCH, EPOCHS, LEARNING_RATE] = [10, 100, 6, 2e-3];
const GRID = SIDE / PATCH;
const TOKENS = GRID * GRID + 1;

const config = featureNetworkConfig({
  kind: "dinov2",
  embedDim: WIDTH,
  depth: DEPTH,
  numHeads: HEADS,
  patchSize: PATCH,
  imageSize: SIDE,
});

/** The network with its weights as inputs, a linear head, and the cross entropy: `loss`, `correct`, `gradient/<name>`. */
function trainingGraph(): { graph: Graph; names: readonly string[] } {
  const g = new Graph();
  const weights = new Map<string, Value>();
  const weight = (name: string, ...shape: number[]) => {
    const value = g.input(name, shape);
    weights.set(name, value);
    return value;
  };
  const linear = (name: string, x: Value, from: number, to: number) =>
    g.add(g.matmul(x, weight(`${name}.weight`, to, from), { transposeB: true }), weight(`${name}.bias`, to));
  const norm = (name: string, x: Value) =>
    g.layerNorm(x, weight(`${name}.weight`, WIDTH), weight(`${name}.bias`, WIDTH), 1e-6);
  const image = g.reshape(g.input("x", [BATCH, 3, SIDE, SIDE]), [BATCH, 3, GRID, PATCH, GRID, PATCH]);
  const pixels = g.reshape(g.transpose(image, [0, 2, 4, 1, 3, 5]), [BATCH, GRID * GRID, 3 * PATCH * PATCH]);
  const kernel = g.reshape(weight("patch_embed.proj.weight", WIDTH, 3, PATCH, PATCH), [WIDTH, 3 * PATCH * PATCH]);
  const patches = g.add(g.matmul(pixels, kernel, { transposeB: true }), weight("patch_embed.proj.bias", WIDTH));
  const token = g.expand(weight("cls_token", 1, 1, WIDTH), g.slice(patches, 1, 0, 1));
  let x = g.add(g.concat([token, patches], 1), weight("pos_embed", 1, TOKENS, WIDTH));
  for (let i = 0; i < DEPTH; i++) {
    const block = `blocks.${i}`;
    const qkv = g.reshape(linear(`${block}.attn.qkv`, norm(`${block}.norm1`, x), WIDTH, 3 * WIDTH), [
      BATCH,
      TOKENS,
      3 * HEADS,
      WIDTH / HEADS,
    ]);
    const heads = g.transpose(qkv, [0, 2, 1, 3]);
    const part = (k: number) => g.slice(heads, 1, k * HEADS, (k + 1) * HEADS);
    const shares = g.softmax(g.matmul(part(0), part(1), { transposeB: true, alpha: 1 / Math.sqrt(WIDTH / HEADS) }));
    const joined = g.reshape(g.transpose(g.matmul(shares, part(2)), [0, 2, 1, 3]), [BATCH, TOKENS, WIDTH]);
    const attended = linear(`${block}.attn.proj`, joined, WIDTH, WIDTH);
    x = g.add(x, g.mul(attended, weight(`${block}.ls1.gamma`, WIDTH)));
    const hidden = g.gelu(linear(`${block}.mlp.fc1`, norm(`${block}.norm2`, x), WIDTH, 4 * WIDTH));
    const fed = linear(`${block}.mlp.fc2`, hidden, 4 * WIDTH, WIDTH);
    x = g.add(x, g.mul(fed, weight(`${block}.ls2.gamma`, WIDTH)));
  }
  const features = g.reshape(g.slice(norm("norm", x), 1, 0, 1), [BATCH, WIDTH]);
  const logits = linear("head", features, WIDTH, CLASSES);
  const labels = g.input("labels", [BATCH, CLASSES]);
  const loss = g.sub(g.logSumExp(logits, 1), g.sum(g.mul(logits, labels), [1]));
  g.output("loss", loss);
  g.output("logits", logits);
  const names = [...weights.keys()];
  for (const [i, gradient] of gradients(g, g.scale(loss, 1 / BATCH), [...weights.values()]).entries())
    g.output(`gradient/${names[i]}`, gradient);
  return { graph: g, names };
}

/** Weights to begin with: small, norms and layer scales 1. */
function beginning(name: string, shape: readonly number[]): Float32Array {
  const count = shape.reduce((a, b) => a * b, 1);
  if (/norm.*weight|gamma/.test(name)) return new Float32Array(count).fill(1);
  if (name.endsWith("bias")) return new Float32Array(count);
  const fanIn = shape.slice(1).reduce((a, b) => a * b, 1);
  const isEmbedding = name === "pos_embed" || name === "cls_token";
  return Float32Array.from(hashValues(name, count, 0, isEmbedding ? 0.05 : Math.sqrt(1 / fanIn)));
}

/** Adam (Kingma and Ba 2015) with decoupled weights; the rate falls along a cosine. */
class Adam {
  readonly #moments = new Map<string, [mean: Float32Array, square: Float32Array]>();

  constructor(private readonly weights: ReadonlyMap<string, Float32Array>) {
    for (const [name, { length }] of weights)
      this.#moments.set(name, [new Float32Array(length), new Float32Array(length)]);
  }

  update(gradients: (name: string) => Float32Array, step: number, rate: number): void {
    const [b1, b2] = [0.9, 0.99];
    for (const [name, weight] of this.weights) {
      const gradient = gradients(name);
      const [mean, square] = this.#moments.get(name)!;
      for (let i = 0; i < weight.length; i++) {
        const d = gradient[i]!;
        mean[i] = b1 * mean[i]! + (1 - b1) * d;
        square[i] = b2 * square[i]! + (1 - b2) * d * d;
        const [m, v] = [mean[i]! / (1 - b1 ** step), square[i]! / (1 - b2 ** step)];
        weight[i]! -= (rate * m) / (Math.sqrt(v) + 1e-8);
      }
    }
  }
}

/** Images [N,3,32,32] as the network's input. */
function inputsOf(data: Uint8Array, width: number, height: number, config: FeatureNetworkConfig): Float32Array {
  const size = 3 * SIDE * SIDE;
  const area = width * height;
  const inputs = new Float32Array(BATCH * size);
  for (let i = 0; i < BATCH; i++) {
    const planes = data.subarray(i * 3 * area, (i + 1) * 3 * area);
    const pixels = planes.map((_, at) => planes[(at % 3) * area + Math.floor(at / 3)]!);
    preprocess(config, { width, height, data: pixels }, inputs.subarray(i * size, (i + 1) * size));
  }
  return inputs;
}

const [, , data, target] = process.argv;
if (data === undefined || target === undefined)
  throw new Error("usage: train-detector.js DATASET.zip DETECTOR.safetensors");
const dataset = await openDataset(data);
const [, height, width] = dataset.shape as [number, number, number];
const source = trainingSource(dataset, { seed: 0n, isConditional: true });
const { graph, names } = trainingGraph();
const shapes = new Map(graph.inputs.map(({ name, shape }) => [name, shape as number[]]));
const weights = new Map(names.map((name) => [name, beginning(name, shapes.get(name)!)]));
const { protobuf } = await toOnnx(graph);
const session = await InferenceSession.create(protobuf);
const adam = new Adam(weights);
const steps = Math.floor((EPOCHS * dataset.count) / BATCH);
let [right, losses] = [0, 0];
for (let step = 1; step <= steps; step++) {
  const { data: images, labels } = await source.read((step - 1) * BATCH, BATCH);
  const feeds: Record<string, Tensor> = {
    x: new Tensor("float32", inputsOf(images as Uint8Array, width, height, config), shapes.get("x")!),
    labels: new Tensor("float32", labels!, [BATCH, CLASSES]),
  };
  for (const [name, weight] of weights) feeds[name] = new Tensor("float32", weight, shapes.get(name)!);
  const results = await session.run(feeds);
  const rate = LEARNING_RATE * Math.min(1, step / 50) * 0.5 * (1 + Math.cos((Math.PI * step) / steps));
  adam.update((name) => results[`gradient/${name}`]!.data as Float32Array, step, rate);
  const logits = results.logits!.data as Float32Array;
  for (let i = 0; i < BATCH; i++) {
    losses += (results.loss!.data as Float32Array)[i]!;
    const row = [...logits.subarray(i * CLASSES, (i + 1) * CLASSES)];
    if (labels![i * CLASSES + row.indexOf(Math.max(...row))] === 1) right++;
  }
  if (step % 50 > 0) continue;
  const percent = ((100 * right) / (50 * BATCH)).toFixed(2);
  process.stdout.write(`step ${step} of ${steps}: loss ${(losses / (50 * BATCH)).toFixed(4)}, ${percent} % right\n`);
  [right, losses] = [0, 0];
}
await source.close();
const stored = featureTensors(config).map(
  ({ name, shape }) => [name, fromFloat32(weights.get(name)!, shape, "F32")] as const,
);
await writeFeatureNetwork(target, { config, tensors: new Map(stored), digest: "" });
process.stdout.write(`${target}: ${[...weights.values()].reduce((sum, { length }) => sum + length, 0)} weights\n`);
