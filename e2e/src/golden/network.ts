/** @file network/: one evaluation of each network, all samples at once, with the uncertainty head and without labels. */
import { type GoldenCase, type Outcome, relative } from "./case.js";
import type { GoldenFolder } from "./folder.js";
import { evaluator, goldenNetwork } from "./models.js";

const TOLERANCE = 1e-5; // of the largest expected value

export async function* network(folder: GoldenFolder): AsyncGenerator<GoldenCase> {
  for (const name of folder.names("network", "")) {
    if (!folder.has("network", name, "io.safetensors")) continue;
    const section = `network/${name}`;
    const tensor = await folder.tensors("network", name, "io.safetensors");
    const running = await evaluator(await goldenNetwork(folder, name));
    const labelSpec = running.inputs.find((input) => input.name === "labels");
    const [x, sigma] = [tensor("x").data, tensor("sigma").data];
    const count = sigma.length;

    const evaluate = async (labels: Float32Array, output: string, expected: string): Promise<Outcome> => {
      const inputs: Record<string, Float32Array> = labelSpec ? { x, sigma, labels } : { x, sigma };
      const { outputs } = await running.evaluate({ count, inputs });
      return relative(outputs[output]!, tensor(expected).data, TOLERANCE);
    };
    const noLabels = new Float32Array(count * Number(labelSpec?.shape[1] ?? 0));
    const labels = labelSpec ? tensor("labels").data : noLabels;
    yield { section, name: "denoised", run: () => evaluate(labels, "denoised", "denoised") };
    yield { section, name: "logvar", run: () => evaluate(labels, "logvar", "logvar") };
    if (!labelSpec) continue;
    yield { section, name: "denoised without label", run: () => evaluate(noLabels, "denoised", "denoised_no_label") };
  }
}
