/** @file Inception-v3 of the TensorFlow graph of 2015-12-05, which defines the FID (numerics, section 6). */
import { invalid } from "@tandem/errors";
import { Graph } from "@tandem/graph";
import type { FeatureGraph, InputSize } from "../features/architecture.js";
import { StoredWeights } from "../weights/stored-weights.js";
import { blockA, blockB, blockC, blockD, blockE } from "./blocks.js";
import type { InceptionConfig } from "./config.js";
import { InceptionLayers } from "./layers.js";

/** Every block in order, by the checkpoint's names. */
const blocks = {
  Mixed_5b: blockA(32),
  Mixed_5c: blockA(64),
  Mixed_5d: blockA(64),
  Mixed_6a: blockB,
  Mixed_6b: blockC(128),
  Mixed_6c: blockC(160),
  Mixed_6d: blockC(160),
  Mixed_6e: blockC(192),
  Mixed_7a: blockD,
  Mixed_7b: blockE("averagePool"),
  Mixed_7c: blockE("maxPool"),
};

/**
 * Builds the graph: input x [N,3,299,299], pixels 0 to 255 after resizing; outputs features [N,2048], the means of the last
 * maps, and logits [N,1008] without bias, which the inception score is made of.
 */
export function inceptionGraph(_: InceptionConfig, [height, width]: InputSize): FeatureGraph {
  if (height !== 299 || width !== 299)
    throw invalid("inputSize", `${height}x${width}`, "299x299, as Inception-v3 has it");
  const g = new Graph();
  const weights = new StoredWeights(g);
  const layers = new InceptionLayers(g, weights);
  let x = g.scale(g.shift(g.input("x", ["N", 3, height, width]), -128), 1 / 128);
  x = layers.conv("Conv2d_1a_3x3", x, 32, [3, 3], { stride: 2, isPadded: false });
  x = layers.conv("Conv2d_2a_3x3", x, 32, [3, 3], { isPadded: false });
  x = layers.halve("MaxPool_1", layers.conv("Conv2d_2b_3x3", x, 64, [3, 3]));
  x = layers.conv("Conv2d_3b_1x1", x, 80, [1, 1]);
  x = layers.halve("MaxPool_2", layers.conv("Conv2d_4a_3x3", x, 192, [3, 3], { isPadded: false }));
  for (const [name, block] of Object.entries(blocks)) x = block(layers, name, x);
  // The mean as a pooling: a sum over two axes adds a single image's numbers in another order than several images'.
  const features = g.reshape(g.averagePool(x, { kernel: 8, stride: 1, pads: [0, 0, 0, 0] }), ["N", 2048]);
  g.output("features", features);
  g.output(
    "logits",
    g.layer("fc", () => g.linear(features, weights.stored("fc.weight", [1008, 2048]))),
  );
  weights.declare("fc.bias", [1008]);
  return { graph: g, specs: weights.specs, activations: layers.activations };
}
