/** @file Label rows: what a conditional network is told about each sample. */
import { DomainError, invalid } from "@tandem/errors";
import type { Tensor } from "./tensor.js";

/** Class that stands for no label: a zero row. */
export const NO_LABEL = -1;

/** Labels given for a batch: classes (-1 is none), or rows [N, labelDim]. One class or one row may stand for all. */
export type GivenLabels = readonly number[] | Tensor;

/**
 * One-hot rows of classes.
 * @param classes one per row: 0 to labelDim - 1, or -1 for a zero row
 * @returns [classes.length, labelDim]
 * @throws DomainError LABEL_OUT_OF_RANGE
 */
export function labelRows(classes: readonly number[], labelDim: number): Tensor {
  const data = new Float32Array(classes.length * labelDim);
  classes.forEach((label, n) => {
    if (!Number.isInteger(label) || label < NO_LABEL || label >= labelDim) {
      const allowed = `0 to ${labelDim - 1}, or -1 for none`;
      throw new DomainError("LABEL_OUT_OF_RANGE", `label ${n} is class ${label}; it must be ${allowed}`, {
        field: "labels",
        metadata: { label_dim: labelDim },
      });
    }
    if (label !== NO_LABEL) data[n * labelDim + label] = 1;
  });
  return { shape: [classes.length, labelDim], data };
}

/** The items of a list for `count` samples: as they are, or the only one for all. */
export function spread<T>(given: readonly T[], count: number): readonly T[] {
  if (given.length === count) return given;
  if (given.length !== 1) throw invalid("labels", `${given.length} labels`, `one, or ${count}: one per sample`);
  return Array.from({ length: count }, () => given[0]!);
}

/** Rows for `count` samples from [count, labelDim], or from one row [1, labelDim]. */
export function spreadRows(rows: Tensor, count: number, labelDim: number): Tensor {
  const [given, width] = rows.shape;
  const fits = rows.shape.length === 2 && width === labelDim && (given === count || given === 1);
  if (!fits || rows.data.length !== rows.shape[0]! * labelDim) {
    const expected = `[${count},${labelDim}]`;
    const message = `label rows have shape [${rows.shape}]; it must be ${expected} or [1,${labelDim}]`;
    throw new DomainError("SHAPE_MISMATCH", message, {
      field: "labels",
      metadata: { expected, actual: `[${rows.shape}]` },
    });
  }
  if (given === count) return rows;
  const data = new Float32Array(count * labelDim);
  for (let n = 0; n < count; n++) data.set(rows.data, n * labelDim);
  return { shape: [count, labelDim], data };
}
