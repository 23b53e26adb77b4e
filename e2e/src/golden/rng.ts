/** @file rng/: PyTorch's CPU generator, two normal draws in a row and an integer behind each, bit for bit. */
import { createGenerator, sizeOf } from "@tandem/diffusion";
import { equal, exact, type GoldenCase } from "./case.js";
import type { GoldenFolder } from "./folder.js";

interface RngFile {
  cases: Array<{ seed: number; shape: number[]; key: string } & Record<string, number | number[] | string>>;
}

/** The first normals of PyTorch's CUDA generator for seed 0: an independent check value of the specification (section 3). */
const philoxSeed0 = [
  -0.92466259, -0.42534415, -2.6438457, 0.14518388, -0.12086647, -0.57972564, -0.62285122, -0.32838709, -1.07454231,
  -0.36314407, -1.67105067, 2.26550497,
];

export async function* rng(folder: GoldenFolder): AsyncGenerator<GoldenCase> {
  yield {
    section: "rng/torch_cuda",
    name: "seed 0, first 12 normals",
    run: async () => exact(createGenerator("torch-cuda", 0).normal(12), Float32Array.from(philoxSeed0)),
  };
  for (const name of folder.names("rng", ".json")) {
    const { cases } = folder.json<RngFile>("rng", `${name}.json`);
    const tensor = await folder.tensors("rng", `${name}.safetensors`);
    for (const drawn of cases) {
      const section = `rng/${name}`;
      const count = sizeOf(drawn.shape);
      const range = (ending: RegExp) => Object.keys(drawn).find((key) => ending.test(key));
      yield {
        section,
        name: `${drawn.key} normals`,
        run: async () => {
          const generator = createGenerator("torch-cpu", drawn.seed);
          const first = exact(generator.normal(count), tensor(`${drawn.key}/first`).data);
          const second = exact(generator.normal(count), tensor(`${drawn.key}/second`).data);
          return { error: first.error + second.error, tolerance: 0 };
        },
      };
      // label_of_1000: an integer after the first draw; label_of_10_after_second: one after both.
      for (const [key, draws] of [
        [range(/^label_of_\d+$/), 1],
        [range(/^label_of_\d+_after_second$/), 2],
      ] as const) {
        if (!key) continue;
        yield {
          section,
          name: `${drawn.key} ${key}`,
          run: async () => {
            const generator = createGenerator("torch-cpu", drawn.seed);
            for (let i = 0; i < draws; i++) generator.normal(count);
            return equal(generator.integer(Number(/\d+/.exec(key)![0])) === drawn[key]);
          },
        };
      }
    }
  }
}
