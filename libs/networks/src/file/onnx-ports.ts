/** @file Whether an ONNX graph is a denoiser: x and sigma in, labels if it has any, denoised out. */
import { DomainError } from "@tandem/errors";
import type { OnnxModel, TensorSpec } from "@tandem/graph";
import type { OnnxNetwork } from "../network.js";

type Ports = Pick<OnnxModel, "inputs" | "outputs">;

/** Outputs that are known beside denoised, [N] each; others stay unused. */
const auxiliary = ["logvar", "log_density"];

/** Numbers of a sample, or of a batch where it is fixed: 1 GiB. */
const MAX_SIZE = 2 ** 28;

/**
 * The ports that a denoiser uses, and what they say of its samples.
 * @throws DomainError MODEL_INCOMPATIBLE naming the port that is missing, unknown, or of another type or shape
 */
export function onnxPorts(
  { inputs, outputs }: Ports,
  path: string,
): Ports & Pick<OnnxNetwork, "sampleShape" | "labelDim"> {
  const wrong = (what: string) =>
    new DomainError(
      "MODEL_INCOMPATIBLE",
      `${path}: ${what}; a denoiser has inputs x [N,C,H,W] or [N,2], sigma [N] and maybe labels [N,L], and an output denoised ` +
        "like x, all float32",
      { resource: path },
    );
  const port = (ports: readonly TensorSpec[], name: string): TensorSpec | undefined => {
    const [found, another] = ports.filter((spec) => spec.name === name);
    if (another) throw wrong(`there are two ports ${name}`);
    if (found && found.type !== "float32") throw wrong(`${name} is ${found.type}`);
    return found;
  };
  const required = (ports: readonly TensorSpec[], name: string) => {
    const found = port(ports, name);
    if (!found) throw wrong(`there is no ${name}, but ${ports.map((spec) => spec.name).join(", ") || "nothing"}`);
    return found;
  };
  const like = (spec: TensorSpec, shape: TensorSpec["shape"]) => {
    if (String(spec.shape) !== String(shape)) throw wrong(`${spec.name} is [${spec.shape}] instead of [${shape}]`);
    return spec;
  };

  const x = required(inputs, "x");
  const [batch = "N", ...sample] = x.shape;
  const isSample = sample.length === 3 || (sample.length === 1 && sample[0] === 2);
  if (!isSample) throw wrong(`x is [${x.shape}]`);
  const size = x.shape.reduce<number>((product, extent) => product * (typeof extent === "number" ? extent : 1), 1);
  if (size > MAX_SIZE) throw wrong(`x is [${x.shape}], over ${MAX_SIZE} numbers`);
  const taken = [x, like(required(inputs, "sigma"), [batch])];
  const labels = port(inputs, "labels");
  if (labels) taken.push(like(labels, [batch, ...labels.shape.slice(1, 2)]));
  if (labels?.shape.length === 1) throw wrong("labels is [N]");
  const stranger = inputs.find((spec) => !taken.includes(spec));
  if (stranger) throw wrong(`the input ${stranger.name} is unknown`);

  const known = auxiliary.flatMap((name) => port(outputs, name) ?? []).map((spec) => like(spec, [batch]));
  const denoised = like(required(outputs, "denoised"), x.shape);
  return {
    inputs: taken,
    outputs: [denoised, ...known],
    sampleShape: sample.map(Number),
    labelDim: Number(labels?.shape[1] ?? 0),
  };
}
