import { describe, expect, it } from "@jest/globals";
import { GenerationSpec } from "@tandem/contracts";
import { Command } from "commander";
import { type GenerateOptions, generateOptions } from "./options.js";
import { toSpec } from "./spec.js";

function specOf(...args: string[]) {
  const command = generateOptions(new Command()).parse(args, { from: "user" });
  const options = command.opts<GenerateOptions>();
  const isGiven = (name: keyof GenerateOptions) => command.getOptionValueSource(name) === "cli";
  const spec = toSpec(options, { net: options.net, gnet: options.gnet }, options.seeds, isGiven);
  return GenerationSpec.toJSON(spec) as { sampling: object };
}

describe("options as a request", () => {
  it("say everything when there is no preset", () => {
    expect(
      specOf("--net", "n", "--gnet", "g", "--guidance", "2", "--guidance-interval", "0.2,3", "--seeds", "0-3,7"),
    ).toMatchObject({
      sampling: {
        model: "n",
        guidance: [{ model: "g", weight: 2, interval: { low: 0.2, high: 3 } }],
        schedule: { numSteps: 32, sigmaMin: 0.002, sigmaMax: 80, rho: 7 },
        solver: "SOLVER_HEUN",
      },
      seeds: [{ last: "3" }, { first: "7", last: "7" }],
      generator: "NOISE_GENERATOR_TORCH_CPU",
      batchSize: 32,
    });
  });

  it("leave the rest to a preset", () => {
    expect(specOf("--preset", "p")).toEqual({
      preset: "p",
      sampling: { schedule: {} },
      seeds: [{ first: "16", last: "19" }],
      format: "IMAGE_FORMAT_PNG",
    });
    expect(specOf("--preset", "p", "--steps", "8", "--guidance", "1")).toMatchObject({
      sampling: { schedule: { numSteps: 8 }, guidance: [{ weight: 1 }] },
    });
    expect(specOf("--preset", "p", "--gnet", "g").sampling).toMatchObject({ guidance: [{ model: "g" }] });
  });

  it("turn guidance off at weight 1", () => {
    expect(specOf("--net", "n", "--gnet", "g").sampling).not.toHaveProperty("guidance");
  });

  it("carry class, churn, generator and format", () => {
    const spec = specOf(
      "--net",
      "n",
      "--class",
      "3",
      "--S-churn",
      "40",
      "--S-max",
      "50",
      "--rng",
      "torch-cuda",
      "--format",
      "latents",
      "--solver",
      "euler",
    );
    expect(spec).toMatchObject({
      labels: { indices: { values: [3] } },
      generator: "NOISE_GENERATOR_TORCH_CUDA",
      format: "IMAGE_FORMAT_NPY",
      sampling: { solver: "SOLVER_EULER", churn: { amount: 40, sigmaMax: 50, noiseScale: 1 } },
    });
  });
});
