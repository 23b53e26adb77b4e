/** @file Labels as the contract gives them, and as the rows that networks take. */
import { DomainError, invalid } from "@tandem/errors";
import { checkFinite } from "./finite.js";
import type { Labels } from "./generated/tandem/v1/sampling.js";
import { DataType } from "./generated/tandem/v1/tensor.js";
import { type FloatTensor, readTensor, writeTensor } from "./tensor-message.js";
import { wireTypes } from "./wire-types.js";

/** Class of a sample without a label: its row is zero. */
const NO_LABEL = -1;

/** Whose labels they are. */
export interface LabelledBatch {
  /** Samples. */
  readonly count: number;
  /** Width of a row; 0 is unconditional. */
  readonly labelDim: number;
}

/**
 * Label rows of a batch.
 * @param field path of the message in its request, e.g. "labels"
 * @returns [count, labelDim]; undefined when no labels are given, or when the model ignores them (labelDim 0)
 * @throws DomainError LABEL_OUT_OF_RANGE, SHAPE_MISMATCH, DATA_TYPE_UNSUPPORTED, TENSOR_SIZE_MISMATCH, FIELD_INVALID
 */
export function readLabels(
  labels: Labels | undefined,
  batch: LabelledBatch,
  field = "labels",
): FloatTensor | undefined {
  if (!labels?.kind || batch.labelDim === 0) return undefined;
  const { kind } = labels;
  if (kind.$case === "indices") return rowsOfClasses(kind.value.values, batch, `${field}.indices.values`);
  const vectors = `${field}.vectors`;
  if (kind.value.dataType !== DataType.DATA_TYPE_FLOAT32)
    throw new DomainError("DATA_TYPE_UNSUPPORTED", `${vectors}.data_type must be DATA_TYPE_FLOAT32`, {
      field: `${vectors}.data_type`,
      metadata: { supported: "DATA_TYPE_FLOAT32" },
    });
  const rows = readTensor(kind.value, vectors);
  checkRows(rows.shape, batch, `${vectors}.shape`);
  checkFinite(rows.data, `${vectors}.data`);
  return spread(rows, batch);
}

/** Labels of rows: classes when every row is one-hot or zero, else vectors. */
export function writeLabels(rows: FloatTensor): Labels {
  const classes = classesOfRows(rows);
  if (classes) return { kind: { $case: "indices", value: { values: classes } } };
  return { kind: { $case: "vectors", value: writeTensor(rows, wireTypes[0]!) } };
}

function rowsOfClasses(classes: readonly number[], { count, labelDim }: LabelledBatch, field: string): FloatTensor {
  if (classes.length !== 1 && classes.length !== count)
    throw invalid(field, `${classes.length} classes`, count === 1 ? "a single class" : `1 or ${count} classes`);
  const data = new Float32Array(count * labelDim);
  for (let n = 0; n < count; n++) {
    const label = classes.length === 1 ? classes[0]! : classes[n]!;
    if (label < NO_LABEL || label >= labelDim)
      throw new DomainError(
        "LABEL_OUT_OF_RANGE",
        `${field} holds ${label}; a class is 0 to ${labelDim - 1}, or -1 for none`,
        { field, metadata: { label_dim: labelDim } },
      );
    if (label !== NO_LABEL) data[n * labelDim + label] = 1;
  }
  return { shape: [count, labelDim], data };
}

function checkRows(shape: readonly number[], { count, labelDim }: LabelledBatch, field: string): void {
  const fits = shape.length === 2 && (shape[0] === 1 || shape[0] === count) && shape[1] === labelDim;
  if (fits) return;
  const expected = count === 1 ? `[1, ${labelDim}]` : `[${count}, ${labelDim}] or [1, ${labelDim}]`;
  const actual = `[${shape.join(", ")}]`;
  throw new DomainError("SHAPE_MISMATCH", `${field} is ${actual}; it must be ${expected}`, {
    field,
    metadata: { expected, actual },
  });
}

function spread(rows: FloatTensor, { count, labelDim }: LabelledBatch): FloatTensor {
  if (rows.shape[0] === count) return { shape: [count, labelDim], data: rows.data };
  const data = new Float32Array(count * labelDim);
  for (let n = 0; n < count; n++) data.set(rows.data, n * labelDim);
  return { shape: [count, labelDim], data };
}

function classesOfRows({ shape, data }: FloatTensor): number[] | undefined {
  const [count, labelDim] = shape as [number, number];
  const classes: number[] = [];
  for (let n = 0; n < count; n++) {
    const row = data.subarray(n * labelDim, (n + 1) * labelDim);
    const label = row.findIndex((value) => value !== 0);
    const isOneHot = label === NO_LABEL || (row[label] === 1 && row.subarray(label + 1).every((value) => value === 0));
    if (!isOneHot) return undefined;
    classes.push(label);
  }
  return classes;
}
