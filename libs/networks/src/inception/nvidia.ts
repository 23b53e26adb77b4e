/** @file The tensor names of the reference's pickled Inception detector. Its modules mirror the TensorFlow graph's scopes. */
import { fromFloat32, type TensorData } from "@tandem/formats";

/** Convolutions by their module in the reference, in the checkpoint's names: block by block, branch by branch. */
const stem = ["Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "Conv2d_3b_1x1", "Conv2d_4a_3x3"];
const blocks = ["5b", "5c", "5d", "6a", "6b", "6c", "6d", "6e", "7a", "7b", "7c"];

const chain = (branch: string, length: number) => Array.from({ length }, (_, i) => `${branch}_${i + 1}`);

/** Branches of a block: the one that stands alone, then the towers. */
const branchesOf = (block: string): { direct: string | null; towers: string[][] } => {
  if (block === "6a") return { direct: "branch3x3", towers: [chain("branch3x3dbl", 3)] };
  if (block === "7a") return { direct: null, towers: [chain("branch3x3", 2), chain("branch7x7x3", 4)] };
  const towers = block.startsWith("5")
    ? [chain("branch5x5", 2), chain("branch3x3dbl", 3)]
    : [chain("branch7x7", 3), chain("branch7x7dbl", 5)];
  return { direct: "branch1x1", towers: [...towers, ["branch_pool"]] };
};

/** The last blocks fork within a tower, and their modules have no inner ones. */
const forked = {
  conv: "branch1x1",
  tower_conv: "branch3x3_1",
  tower_mixed_conv: "branch3x3_2a",
  tower_mixed_conv_1: "branch3x3_2b",
  tower_1_conv: "branch3x3dbl_1",
  tower_1_conv_1: "branch3x3dbl_2",
  tower_1_mixed_conv: "branch3x3dbl_3a",
  tower_1_mixed_conv_1: "branch3x3dbl_3b",
  tower_2_conv: "branch_pool",
};

/** `name`, `name_1`, `name_2`, ... as TensorFlow numbers scopes. */
const numbered = (name: string, i: number) => (i === 0 ? name : `${name}_${i}`);

function modulesOf(block: string): [string, string][] {
  if (block === "7b" || block === "7c") return Object.entries(forked);
  const { direct, towers } = branchesOf(block);
  return [
    ...(direct === null ? [] : [["conv", direct] as [string, string]]),
    ...towers.flatMap((names, tower) =>
      names.map((name, i): [string, string] => [`${numbered("tower", tower)}.${numbered("conv", i)}`, name]),
    ),
  ];
}

const convolutions = new Map<string, string>([
  ...stem.map((name, i): [string, string] => [`layers.${numbered("conv", i)}`, name]),
  ...blocks.flatMap((block, i) =>
    modulesOf(block).map(([module, branch]): [string, string] => [
      `layers.${numbered("mixed", i)}.${module}`,
      `Mixed_${block}.${branch}`,
    ]),
  ),
]);

const parts = { weight: "conv.weight", beta: "bn.bias", mean: "bn.running_mean", var: "bn.running_var" };

/** A tensor's name in the checkpoint; unknown ones stay, and are told as such when the tensors are checked. */
export function fromNvidiaName(name: string): string {
  if (name.startsWith("output.")) return name.replace("output.", "fc.");
  const [, module = "", part = ""] = /^(.*)\.(weight|beta|mean|var)$/.exec(name) ?? [];
  const convolution = convolutions.get(module);
  return convolution === undefined ? name : `${convolution}.${parts[part as keyof typeof parts]}`;
}

/** The tensors by the checkpoint's names. The reference has no gamma: it is 1. */
export function fromNvidia(tensors: ReadonlyMap<string, TensorData>): Map<string, TensorData> {
  const renamed = new Map([...tensors].map(([name, tensor]) => [fromNvidiaName(name), tensor]));
  for (const name of convolutions.values()) {
    const variance = renamed.get(`${name}.bn.running_var`);
    if (!variance) continue;
    const ones = new Float32Array(variance.shape[0]!).fill(1);
    renamed.set(`${name}.bn.weight`, fromFloat32(ones, variance.shape, "F32"));
  }
  return renamed;
}
