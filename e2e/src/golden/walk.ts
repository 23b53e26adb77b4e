/** @file walk/: every named activation of one evaluation, in network order: the first miss tells where to look. */
import { type GoldenCase, relative } from "./case.js";
import type { GoldenFolder } from "./folder.js";
import { evaluator, goldenNetwork } from "./models.js";

const TOLERANCE = 1e-5; // of each tensor's largest value

export async function* walk(folder: GoldenFolder): AsyncGenerator<GoldenCase> {
  for (const name of folder.names("walk", ".json")) {
    const order = folder.json<Array<{ name: string; shape: number[] }>>("walk", `${name}.json`);
    const tensor = await folder.tensors("walk", `${name}.safetensors`);
    const running = await evaluator(await goldenNetwork(folder, name), { activations: true });
    const inputs = Object.fromEntries(running.inputs.map((input) => [input.name, tensor(input.name).data]));
    const { outputs } = await running.evaluate({ count: 1, inputs });
    for (const activation of order) {
      yield {
        section: `walk/${name}`,
        name: `${activation.name} [${activation.shape.join("x")}]`,
        run: async () => {
          const ours = outputs[`activation/${activation.name}`];
          if (!ours) throw new Error("is no activation of our graph");
          return relative(ours, tensor(`act.${activation.name}`).data, TOLERANCE);
        },
      };
    }
  }
}
