/** @file Point 3: labels. */
import { DataType, type DenoiseRequest, writeTensor } from "@tandem/contracts";
import { type Check, expects, NotServed } from "../check.js";
import type { Context } from "../context.js";
import type { Draft } from "../draft.js";
import { denoise, float32, request, same } from "../inputs.js";
import { refused } from "../refused.js";

type Labels = Draft<typeof DenoiseRequest>["labels"];

const classes = (...values: number[]): Labels => ({ kind: { $case: "indices", value: { values } } });
const rows = (shape: number[], data: Float32Array): Labels => ({
  kind: { $case: "vectors", value: writeTensor({ shape, data }, float32) },
});
const denoiseWith = (context: Context, labels: Labels) => denoise(context, { ...request(context), labels });

function labelDim({ model }: Context): number {
  if (model.labelDim === 0) throw new NotServed(`${model.name} takes no labels`);
  return model.labelDim;
}

export const labels: readonly Check[] = [
  {
    name: "labels: absent, -1 and zero rows are the same",
    level: 1,
    async run(context) {
      const width = labelDim(context);
      const absent = await denoiseWith(context, undefined);
      same(await denoiseWith(context, {}), absent, "Labels without kind");
      same(await denoiseWith(context, classes(-1)), absent, "class -1 for all");
      same(await denoiseWith(context, classes(-1, -1)), absent, "class -1 for each");
      same(await denoiseWith(context, rows([2, width], new Float32Array(2 * width))), absent, "zero rows");
    },
  },
  {
    name: "labels: a class stands for its one-hot row, one label for all samples",
    level: 1,
    async run(context) {
      const width = labelDim(context);
      const last = await denoiseWith(context, classes(width - 1, width - 1));
      same(await denoiseWith(context, classes(width - 1)), last, "one class for all");
      const row = new Float32Array(width).fill(1, width - 1);
      same(await denoiseWith(context, rows([1, width], row)), last, "one row for all");
      same(await denoiseWith(context, rows([2, width], Float32Array.of(...row, ...row))), last, "a row each");
      const absent = await denoiseWith(context, undefined);
      expects(
        last.data.some((value, i) => value !== absent.data[i]),
        "the label makes no difference",
      );
    },
  },
  {
    name: "labels: each sample has its own, in sessions too",
    level: 1,
    async run(context) {
      const width = labelDim(context);
      const each = await denoiseWith(context, classes(0, width - 1));
      const swapped = await denoiseWith(context, classes(width - 1, 0));
      expects(
        width === 1 || each.data.some((value, i) => value !== swapped.data[i]),
        "their order makes no difference",
      );
      const { x, sigma } = request(context);
      const stream = await context.openSession(2, { labels: classes(0, width - 1) });
      stream.step({ x: x.data, sigma });
      const { denoised } = await stream.result();
      await stream.close();
      same({ shape: x.shape, data: float32.decode(denoised) }, each, "the session");
    },
  },
  {
    name: "labels: rows may be soft",
    level: 1,
    async run(context) {
      const width = labelDim(context);
      await denoiseWith(context, rows([1, width], new Float32Array(width).fill(0.3)));
    },
  },
  {
    name: "labels: out of range is LABEL_OUT_OF_RANGE with label_dim",
    level: 1,
    async run(context) {
      const width = labelDim(context);
      const metadata = { label_dim: width };
      for (const wrong of [width, -2, 2 ** 31 - 1]) {
        await refused(denoiseWith(context, classes(0, wrong)), "LABEL_OUT_OF_RANGE", { metadata });
        await refused(context.openSession(1, { labels: classes(wrong) }), "LABEL_OUT_OF_RANGE", { metadata });
      }
    },
  },
  {
    name: "labels: as many as samples, as wide as label_dim, in float32, or refused",
    level: 1,
    async run(context) {
      const width = labelDim(context);
      await refused(denoiseWith(context, classes(0, 0, 0)), "FIELD_INVALID", { field: "values" });
      await refused(denoiseWith(context, classes()), "FIELD_INVALID", { field: "values" });
      const wide = rows([2, width + 1], new Float32Array(2 * width + 2));
      await refused(denoiseWith(context, wide), "SHAPE_MISMATCH");
      await refused(denoiseWith(context, rows([3, width], new Float32Array(3 * width))), "SHAPE_MISMATCH");
      await refused(denoiseWith(context, rows([2, width], new Float32Array(1))), "TENSOR_SIZE_MISMATCH");
      const dataType = DataType.DATA_TYPE_FLOAT64;
      const double: Labels = { kind: { $case: "vectors", value: { dataType, shape: [1, width] } } };
      await refused(denoiseWith(context, double), "DATA_TYPE_UNSUPPORTED");
    },
  },
  {
    name: "labels: a model without labels ignores them",
    level: 1,
    async run(context) {
      if (context.model.labelDim > 0) throw new NotServed(`${context.model.name} takes labels`);
      const absent = await denoiseWith(context, undefined);
      same(await denoiseWith(context, classes(3)), absent, "a class");
      same(await denoiseWith(context, rows([1, 2], Float32Array.of(1, 2))), absent, "a row");
    },
  },
];
