/** @file rng/: PyTorch's CPU generator, two normal draws in a row and an integer behind each, bit for bit. */
import { createGenerator, sizeOf } from "@tandem/diffusion";
import { equal, exact, type GoldenCase, maxDifference } from "./case.js";
import type { GoldenFolder } from "./folder.js";

interface RngFile {
  cases: Array<{ seed: number; shape: number[]; key: string; label_of_1000: number; label_of_10_after_second: number }>;
}

/** The first normals of PyTorch's CUDA generator for seed 0: an independent check value of the specification (section 3). */
const philoxSeed0 = [
  -0.92466259, -0.42534415, -2.6438457, 0.14518388, -0.12086647, -0.57972564, -0.62285122, -0.32838709, -1.07454231,
  -0.36314407, -1.67105067, 2.26550497,
];

export async function* rng(folder: GoldenFolder): AsyncGenerator<GoldenCase> {
  yield {
    section: "rng/torch_cuda",
    name: "seed 0, first 12 normals, to 8 decimals",
    run: async () => {
      const normals = createGenerator("torch-cuda", 0).normal(philoxSeed0.length);
      return { error: maxDifference(normals, Float32Array.from(philoxSeed0)), tolerance: 2 ** -24 };
    },
  };
  for (const name of folder.names("rng", ".json")) {
    const { cases } = folder.json<RngFile>("rng", `${name}.json`);
    const tensor = await folder.tensors("rng", `${name}.safetensors`);
    for (const drawn of cases) {
      yield {
        section: `rng/${name}`,
        name: `seed ${drawn.seed}, [${drawn.shape}]: normals, a label, normals, a label`,
        run: async () => {
          const generator = createGenerator("torch-cpu", drawn.seed);
          const count = sizeOf(drawn.shape);
          const first = exact(generator.normal(count), tensor(`${drawn.key}/first`).data);
          const label = equal(generator.integer(1000) === drawn.label_of_1000);
          const second = exact(generator.normal(count), tensor(`${drawn.key}/second`).data);
          const next = equal(generator.integer(10) === drawn.label_of_10_after_second);
          return { error: first.error + label.error + second.error + next.error, tolerance: 0 };
        },
      };
    }
  }
}
