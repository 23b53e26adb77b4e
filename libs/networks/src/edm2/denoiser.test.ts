/** The networks must equal the reference's: every image downstream rests on these numbers. */
import { readdirSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { buildDenoiser } from "../build.js";
import { golden, goldenJson, goldenNetwork, goldenTensors, openSession, relativeError } from "../golden.js";

describe.each(readdirSync(golden("network")))("the denoiser of network/%s", (name) => {
  it("equals the reference's, with and without labels", async () => {
    const network = await goldenNetwork(name);
    const {
      x,
      sigma,
      labels,
      denoised,
      logvar,
      denoised_no_label: unlabelled,
    } = await goldenTensors(`network/${name}/io.safetensors`);
    const run = await openSession(await buildDenoiser(network));
    const inputs = { x: x!, sigma: sigma! };
    const outputs = await run(labels ? { ...inputs, labels } : inputs);
    expect(relativeError(outputs.denoised!, denoised!.data)).toBeLessThan(1e-5);
    expect(relativeError(outputs.logvar!, logvar!.data)).toBeLessThan(1e-5);
    if (labels && unlabelled) {
      const zero = { data: new Float32Array(labels.data.length), shape: labels.shape };
      expect(relativeError((await run({ ...inputs, labels: zero })).denoised!, unlabelled.data)).toBeLessThan(1e-5);
    }
  });
});

/** When an image differs, the first activation that differs says where. */
describe.each(readdirSync(golden("walk")).filter((file) => file.endsWith(".json")))("a walk through %s", (file) => {
  it("meets every named activation of the reference", async () => {
    const name = file.replace(".json", "");
    const expected = await goldenTensors(`walk/${name}.safetensors`);
    const run = await openSession(await buildDenoiser(await goldenNetwork(name), { activations: true }));
    const { x, sigma, labels } = expected;
    const outputs = await run(labels ? { x: x!, sigma: sigma!, labels } : { x: x!, sigma: sigma! });
    for (const step of goldenJson(`walk/${file}`) as { name: string }[]) {
      const ours = outputs[`activation/${step.name}`];
      if (ours === undefined) throw new Error(`${step.name} is not recorded`);
      expect([step.name, relativeError(ours, expected[`act.${step.name}`]!.data) < 1e-5]).toEqual([step.name, true]);
    }
  });
});
