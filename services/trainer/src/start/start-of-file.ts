/** @file The beginning that `start_from` names: a checkpoint, a snapshot or other weights, or a training state of the reference. */
import { DomainError } from "@tandem/errors";
import { fromFloat32, openSafetensors, type PickleMap, readPickle, type TensorData } from "@tandem/formats";
import { readNetwork } from "@tandem/networks";
import { isDamage, readCheckpoint, stateFormat } from "../run/checkpoint.js";
import { beginning } from "../run/position.js";
import type { RunStart } from "../run/run-kind.js";
import type { RunReporter } from "../run/run-reporter.js";
import type { Trainee } from "../run/trainee.js";
import { isReferenceState, readReferenceState } from "./reference-state.js";
import { stateOf } from "./state-of-weights.js";

/**
 * Reads where a run is to begin. A training state goes on where it was; weights begin a run of their own, its optimizer empty.
 * @param trainee has done nothing yet: its state says which tensors are needed
 * @throws DomainError RESOURCE_NOT_FOUND, MODEL_INCOMPATIBLE naming the tensor, UNSAFE_FILE, CHECKSUM_MISMATCH
 */
export async function startOfFile(
  path: string,
  trainee: Trainee,
  reporter: Pick<RunReporter, "log">,
): Promise<RunStart> {
  const format = await safetensorsFormat(path);
  if (format === stateFormat) {
    const { position, tensors } = await readCheckpoint(path);
    reporter.log("info", `goes on from ${path}, after ${position.done}`);
    return { position, state: sameTensors(tensors, await trainee.state(), path) };
  }
  if (format === undefined) {
    const root = await readPickle(path);
    if (isReferenceState(root)) return startOfReference(root, path, trainee, reporter);
  }
  const { tensors, provenance } = await readNetwork(path);
  const seen = provenance.nimg ? `, which saw ${provenance.nimg} images` : "";
  reporter.log("info", `begins with the weights of ${path}${seen}`);
  return { position: beginning, state: stateOf(await trainee.state(), { weights: tensors }, path) };
}

/** What a safetensors file says that it is: "" when nothing; undefined for another kind of file. */
async function safetensorsFormat(path: string): Promise<string | undefined> {
  try {
    await using file = await openSafetensors(path);
    return file.metadata.format ?? "";
  } catch (error) {
    if (isDamage(error)) return undefined; // the reader of pickles says what is wrong with it
    throw error;
  }
}

async function startOfReference(
  root: PickleMap,
  path: string,
  trainee: Trainee,
  reporter: Pick<RunReporter, "log">,
): Promise<RunStart> {
  const { nimg, weights, moments, steps = 0, averages } = readReferenceState(root, path);
  const optimizer = new Map<string, TensorData>();
  for (const [name, { m, v }] of moments) optimizer.set(`adam.m.${name}`, m).set(`adam.v.${name}`, v);
  optimizer.set("adam.step", fromFloat32(Float32Array.of(steps), [1], "F32"));
  const average = (profile: number) => averages.get(trainee.emaStds[profile]!.toFixed(3));
  const missing = trainee.emaStds.filter((std) => !averages.has(std.toFixed(3)));
  if (missing.length > 0)
    reporter.log("warning", `${path} has no averages of EMA length ${missing.join(", ")}; they begin as the weights`);
  reporter.log("info", `goes on from the reference's state ${path}, after ${nimg} images and ${steps} steps`);
  const state = stateOf(await trainee.state(), { weights, average, optimizer }, path);
  return { position: { ...beginning, done: nimg }, state };
}

/** @throws DomainError MODEL_INCOMPATIBLE unless the tensors are those that the run has */
function sameTensors(
  tensors: ReadonlyMap<string, TensorData>,
  own: ReadonlyMap<string, TensorData>,
  path: string,
): ReadonlyMap<string, TensorData> {
  const refuse = (what: string) =>
    new DomainError("MODEL_INCOMPATIBLE", `${path}: ${what}; it is of another run`, {
      resource: path,
      field: "spec.start_from",
    });
  for (const [name, { shape }] of own) {
    const tensor = tensors.get(name);
    if (!tensor) throw refuse(`tensor ${name} of this run is missing`);
    if (String(tensor.shape) !== String(shape)) throw refuse(`${name} is [${tensor.shape}], not [${shape}]`);
  }
  const stranger = [...tensors.keys()].find((name) => !own.has(name));
  if (stranger !== undefined) throw refuse(`tensor ${stranger} is not part of this run`);
  return tensors;
}
