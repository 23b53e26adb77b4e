/** @file The denoiser D(x; sigma, labels) around the U-Net, and its uncertainty head (numerics, section 1). */
import { type ElementType, Graph } from "@tandem/graph";
import { mpFourier } from "../magnitude-preserving.js";
import { Parameters } from "../parameters.js";
import type { Edm2UnetConfig } from "./config.js";
import { Layers } from "./layers.js";
import { unet } from "./unet.js";

/**
 * Builds the graph: inputs x [N,C,R,R], sigma [N], labels [N,L] (absent when unconditional); outputs denoised [N,C,R,R], logvar [N].
 * Preconditioning is float32 whatever the compute type: at sigma = 80 it spans four orders of magnitude.
 */
export function edm2Denoiser(config: Edm2UnetConfig, type: ElementType) {
  const g = new Graph();
  const layers = new Layers(g, new Parameters(g), type);
  const { sigmaData, imgResolution, imgChannels, labelDim } = config;
  const x = g.input("x", ["N", imgChannels, imgResolution, imgResolution]);
  const sigma = g.input("sigma", ["N"]);
  const labels = labelDim > 0 ? g.input("labels", ["N", labelDim]) : null;

  const perImage = g.reshape(sigma, ["N", 1, 1, 1]);
  const variance = g.shift(g.mul(perImage, perImage), sigmaData ** 2);
  const deviation = g.sqrt(variance);
  const noise = g.reshape(g.scale(g.log(sigma), 1 / 4), ["N", 1]);
  const scaled = g.cast(g.div(x, deviation), type);
  const f = g.cast(unet(layers, config, { x: scaled, noise, labels }), "float32");
  const skip = g.div(x, g.scale(variance, 1 / sigmaData ** 2));
  const denoised = g.add(skip, g.mul(f, g.scale(g.div(perImage, deviation), sigmaData)));
  g.output("denoised", denoised);

  const fourier = g.layer("logvar_fourier", () => {
    const tables = ["freqs", "phases"].map((name) =>
      layers.parameters.buffer(`logvar_fourier.${name}`, [config.logvarChannels]),
    );
    return layers.record("logvar_fourier", mpFourier(g, noise, tables[0]!, tables[1]!));
  });
  g.output("logvar", g.reshape(layers.linear("logvar_linear", fourier, 1), ["N"]));
  return { graph: g, specs: layers.parameters.specs, activations: layers.activations };
}
