/** @file Whether a request continues the run that a folder holds: what must be equal, and what may change only when said so. */
import { type Edm2Training, type ToyTraining, TrainingSpec } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";

type Fields<T> = { readonly [K in keyof T]-?: "fixed" | "run" | "hyper" | "free" };

/**
 * What each field of a diffusion run means to one that goes on.
 * fixed: the state depends on it; run: another value is another run; hyper: changes the result; free: does not, or only ends it later.
 */
const edm2: Fields<Edm2Training> = {
  preset: "free",
  dataset: "run",
  classConditional: "fixed",
  durationNimg: "free",
  sliceNimg: "free",
  batchSize: "hyper",
  batchGpu: "free",
  replicas: "free",
  network: "fixed",
  pMean: "hyper",
  pStd: "hyper",
  learningRate: "hyper",
  decayBatches: "hyper",
  rampupNimg: "hyper",
  mixedPrecision: "hyper",
  lossScaling: "hyper",
  benchmarkKernels: "free",
  statusNimg: "free",
  snapshotNimg: "free",
  checkpointNimg: "free",
  seed: "run",
  emaStds: "fixed",
  encoding: "fixed",
  previewNimg: "free",
  keepCheckpoints: "free",
};

const toy: Fields<ToyTraining> = {
  classes: "run",
  network: "fixed",
  batchSize: "hyper",
  iterations: "free",
  seed: "run",
  pMean: "hyper",
  pStd: "hyper",
  learningRate: "hyper",
  decayIterations: "hyper",
  emaStd: "fixed",
  snapshotIterations: "free",
  previewIterations: "free",
};

/** A field whose values differ. */
interface Change {
  /** In the contract's words: `edm2.learning_rate`. */
  readonly field: string;
  readonly meaning: "fixed" | "run" | "hyper";
  readonly before: string;
  readonly now: string;
}

/**
 * Refuses what is not the folder's run.
 * @param before  the resolved spec of the run in the folder
 * @param now     the resolved spec that is asked for
 * @param folder  for the message
 * @throws DomainError OUTPUT_EXISTS when it is another run; FIELD_INVALID for a changed hyperparameter without allow_changes; both name
 *   field and values
 */
export function checkSameRun(before: TrainingSpec, now: TrainingSpec, folder: string): void {
  const changes = changesOf(before, now);
  const another = changes.find(({ meaning }) => meaning === "fixed" || (meaning === "run" && !now.allowChanges));
  if (another) {
    const { field, before: there, now: here } = another;
    throw new DomainError(
      "OUTPUT_EXISTS",
      `${folder} holds another run: its ${field} is ${there}, this one's ${here}; choose another output folder`,
      { field: `spec.${field}`, resource: folder },
    );
  }
  const [change] = changes;
  if (!change || now.allowChanges) return;
  throw new DomainError(
    "FIELD_INVALID",
    `spec.${change.field} is ${change.now}, but the run in ${folder} has ${change.before}; set it back, say that it may change (allow_changes), or choose another output folder`,
    { field: `spec.${change.field}`, metadata: { expected: change.before, actual: change.now } },
  );
}

/** The fields that differ and mean something, the gravest first. */
function changesOf(before: TrainingSpec, now: TrainingSpec): Change[] {
  if (before.run?.$case !== now.run?.$case)
    return [{ field: "run", meaning: "fixed", before: String(before.run?.$case), now: String(now.run?.$case) }];
  const table: Readonly<Record<string, string>> = now.run?.$case === "edm2" ? edm2 : toy;
  const [there, here] = [before, now].map(fieldsOf) as [Record<string, unknown>, Record<string, unknown>];
  const kind = now.run?.$case ?? "";
  return Object.entries(table)
    .flatMap(([name, meaning]): Change[] => {
      if (meaning === "free") return [];
      return differences(there[name], here[name], `${kind}.${snake(name)}`).map((difference) => ({
        ...difference,
        // Dropout is a field of the network, but no tensor depends on it.
        meaning: difference.field.endsWith(".dropout") ? "hyper" : (meaning as Change["meaning"]),
      }));
    })
    .sort((a, b) => gravity[a.meaning] - gravity[b.meaning]);
}

const gravity = { fixed: 0, run: 1, hyper: 2 };

/** As JSON, so that numbers of 64 bits and enums are texts and absent fields are absent. */
const fieldsOf = (spec: TrainingSpec): unknown => {
  const { edm2, toy } = TrainingSpec.toJSON(spec) as { edm2?: object; toy?: object };
  return edm2 ?? toy ?? {};
};

/** Leaves that differ, by their paths. */
function differences(before: unknown, now: unknown, field: string): Omit<Change, "meaning">[] {
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  if (isObject(before) && isObject(now)) {
    const names = new Set([...Object.keys(before), ...Object.keys(now)]);
    return [...names].flatMap((name) => differences(before[name], now[name], `${field}.${snake(name)}`));
  }
  const [there, here] = [before, now].map((value) => (value === undefined ? "unset" : JSON.stringify(value)));
  return there === here ? [] : [{ field, before: there!, now: here! }];
}

const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
