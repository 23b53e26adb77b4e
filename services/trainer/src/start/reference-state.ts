/** @file A training state as the reference writes it (`training-state-*.pt`): parsed, never executed. */
import { DomainError } from "@tandem/errors";
import { isTensor, namedTensors, type PickleMap, type PickleValue, type TensorData } from "@tandem/formats";

/** What it holds. */
export interface ReferenceState {
  /** Images done. */
  readonly nimg: number;
  /** Parameters and buffers by state-dict name. */
  readonly weights: ReadonlyMap<string, TensorData>;
  /** Adam's steps so far; undefined when no parameter has any. */
  readonly steps: number | undefined;
  /** Adam's moments by parameter name. */
  readonly moments: ReadonlyMap<string, { readonly m: TensorData; readonly v: TensorData }>;
  /** EMA networks by the three decimals of their sigma_rel; empty when the file has none. */
  readonly averages: ReadonlyMap<string, ReadonlyMap<string, TensorData>>;
}

/** Tables that are stored with the network and not trained, so that the optimizer does not count them. */
const isBuffer = (name: string) => /\.(freqs|phases)$/.test(name);

/** Whether a pickle is a training state. */
export const isReferenceState = (root: PickleValue): root is PickleMap =>
  root instanceof Map && root.get("net") instanceof Map && root.get("state") instanceof Map;

/** @throws DomainError MODEL_INCOMPATIBLE naming what is missing */
export function readReferenceState(root: PickleMap, file: string): ReferenceState {
  const weights = namedTensors(root.get("net")!);
  const { cur_nimg: nimg } = Object.fromEntries(root.get("state") as PickleMap) as { cur_nimg?: PickleValue };
  if (typeof nimg !== "number" || !Number.isSafeInteger(nimg) || nimg < 0)
    throw incompatible(file, `state.cur_nimg is ${String(nimg)}, not a number of images`);
  const parameters = [...weights.keys()].filter((name) => !isBuffer(name));
  return { nimg, weights, ...optimizerOf(root, parameters, file), averages: averagesOf(root) };
}

/** The optimizer numbers parameters in the order of the state dict, buffers left out. */
function optimizerOf(root: PickleMap, parameters: readonly string[], file: string) {
  const optimizer = root.get("optimizer") ?? root.get("optimizer_state");
  const states = optimizer instanceof Map ? optimizer.get("state") : undefined;
  const moments = new Map<string, { m: TensorData; v: TensorData }>();
  let steps: number | undefined;
  if (!(states instanceof Map)) return { moments, steps };
  for (const [index, state] of states) {
    const name = parameters[Number(index)];
    const [step, m, v] = ["step", "exp_avg", "exp_avg_sq"].map((key) =>
      state instanceof Map ? state.get(key) : undefined,
    );
    if (name === undefined || !isTensor(m) || !isTensor(v))
      throw incompatible(file, `the optimizer's state ${String(index)} belongs to no parameter`);
    moments.set(name, { m, v });
    steps = Math.max(steps ?? 0, isTensor(step) ? scalarOf(step) : Number(step));
  }
  return { moments, steps };
}

function averagesOf(root: PickleMap): Map<string, ReadonlyMap<string, TensorData>> {
  const ema = root.get("ema");
  const [stds, emas] = ema instanceof Map ? [ema.get("stds"), ema.get("emas")] : [];
  if (!Array.isArray(stds) || !Array.isArray(emas)) return new Map();
  return new Map(stds.map((std, i) => [Number(std).toFixed(3), namedTensors(emas[i] as PickleValue)]));
}

const scalarOf = ({ data }: TensorData): number =>
  new DataView(data.buffer, data.byteOffset, data.byteLength).getFloat32(0, true);

const incompatible = (file: string, what: string) =>
  new DomainError("MODEL_INCOMPATIBLE", `${file}: ${what}`, { resource: file, field: "spec.start_from" });
