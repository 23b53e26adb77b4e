import { describe, expect, it } from "@jest/globals";
import { DataType, type Labels, readLabels, wireTypes, writeLabels, writeTensor } from "./index.js";

const batch = { count: 2, labelDim: 3 };
const indices = (...values: number[]): Labels => ({ kind: { $case: "indices", value: { values } } });
const vectors = (shape: number[], ...data: number[]): Labels => ({
  kind: { $case: "vectors", value: writeTensor({ shape, data: Float32Array.from(data) }, wireTypes[0]!) },
});
const rows = (...data: number[]) => ({ shape: [2, 3], data: Float32Array.from(data) });

describe("labels", () => {
  it("by class become one-hot rows, -1 a zero row", () => {
    expect(readLabels(indices(2, -1), batch)).toEqual(rows(0, 0, 1, 0, 0, 0));
  });

  it("given once hold for the whole batch", () => {
    expect(readLabels(indices(1), batch)).toEqual(rows(0, 1, 0, 0, 1, 0));
    expect(readLabels(vectors([1, 3], 0.5, 0.5, 0), batch)).toEqual(rows(0.5, 0.5, 0, 0.5, 0.5, 0));
  });

  it("are none when absent, and for a model that has none", () => {
    expect(readLabels(undefined, batch)).toBeUndefined();
    expect(readLabels({ kind: undefined }, batch)).toBeUndefined();
    expect(readLabels(indices(99, 98, 97), { count: 2, labelDim: 0 })).toBeUndefined();
  });

  it("are told as classes when they are, as rows when they are not", () => {
    for (const labels of [
      indices(0, 2),
      indices(-1, 1),
      vectors([2, 3], 0.5, 0.5, 0, 1, 0, 0),
      vectors([2, 3], 1, 1, 0, 0, 0, 0),
    ])
      expect(writeLabels(readLabels(labels, batch)!)).toEqual(labels);
  });

  it.each([
    ["a class too high", indices(3, 0), "LABEL_OUT_OF_RANGE", "labels.indices.values", { label_dim: 3 }],
    ["a class below -1", indices(-2), "LABEL_OUT_OF_RANGE", "labels.indices.values", { label_dim: 3 }],
    ["too many classes", indices(0, 1, 2), "FIELD_INVALID", "labels.indices.values", undefined],
    ["no classes", indices(), "FIELD_INVALID", "labels.indices.values", undefined],
    [
      "rows of another width",
      vectors([2, 2], 1, 0, 0, 1),
      "SHAPE_MISMATCH",
      "labels.vectors.shape",
      { actual: "[2, 2]" },
    ],
    ["rows of another count", vectors([3, 3], ...Array(9).fill(0)), "SHAPE_MISMATCH", "labels.vectors.shape", {}],
    ["a row with NaN", vectors([1, 3], 0, Number.NaN, 0), "FIELD_INVALID", "labels.vectors.data", undefined],
  ])("with %s are refused", (_, labels, reason, field, metadata) => {
    const details = expect.objectContaining({
      field,
      ...(metadata && { metadata: expect.objectContaining(metadata) }),
    });
    expect(() => readLabels(labels, batch)).toThrow(expect.objectContaining({ reason, details }));
  });

  it("in half precision are refused: rows are small, and rounding would change them", () => {
    const labels = vectors([1, 3], 0, 0, 1);
    if (labels.kind?.$case === "vectors") labels.kind.value.dataType = DataType.DATA_TYPE_FLOAT16;
    expect(() => readLabels(labels, batch)).toThrow(expect.objectContaining({ reason: "DATA_TYPE_UNSUPPORTED" }));
  });
});
