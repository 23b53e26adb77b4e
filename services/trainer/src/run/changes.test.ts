/** A run that goes on with another learning rate because of a typing error is found out weeks later, if at all. */
import { describe, expect, it } from "@jest/globals";
import { TrainingSpec } from "@tandem/contracts";
import { resolveEdm2 } from "../plan/resolve.js";
import { digits, type Edm2Draft, edm2 } from "../testing/draft.js";
import { checkSameRun } from "./changes.js";

const resolved = (own: Edm2Draft, allowChanges = false) => {
  const fields = { preset: "edm2-img64-xs", batchSize: 64, dataset: { uri: "digits.zip" }, ...own };
  return TrainingSpec.fromPartial({ run: { $case: "edm2", value: resolveEdm2(edm2(fields), digits) }, allowChanges });
};
const compare =
  (before: Edm2Draft, now: Edm2Draft, allowChanges = false) =>
  () =>
    checkSameRun(resolved(before), resolved(now, allowChanges), "runs/one");

describe("a run's folder continues", () => {
  it("the same run, also when only its length, intervals or parts of a batch differ", () => {
    expect(
      compare({}, { durationNimg: 128n, sliceNimg: 64n, batchGpu: 16, statusNimg: 64n, keepCheckpoints: 5 }),
    ).not.toThrow();
  });

  it.each<[string, Edm2Draft, string, string]>([
    ["edm2.learning_rate", { learningRate: 0.02 }, "0.02", "0.012"],
    ["edm2.batch_size", { batchSize: 128 }, "128", "64"],
    ["edm2.rampup_nimg", { rampupNimg: 0n }, '"0"', '"10000000"'],
    ["edm2.network.dropout", { network: { dropout: 0.1 } }, "0.1", "0"],
  ])("no changed %s, unless said so", (field, own, now, before) => {
    const message = `spec.${field} is ${now}, but the run in runs/one has ${before}`;
    expect(compare({}, own)).toThrow(
      expect.objectContaining({ reason: "FIELD_INVALID", message: expect.stringContaining(message) }),
    );
    expect(compare({}, own, true)).not.toThrow();
  });

  it.each<[string, Edm2Draft]>([
    ["edm2.seed", { seed: 1n }],
    ["edm2.dataset.uri", { dataset: { uri: "faces.zip" } }],
  ])("no run of another %s, unless said so", (field, own) => {
    const refusal = expect.objectContaining({ reason: "OUTPUT_EXISTS", message: expect.stringContaining(field) });
    expect(compare({}, own)).toThrow(refusal);
    expect(compare({}, own, true)).not.toThrow();
  });

  it.each<[string, Edm2Draft]>([
    ["edm2.network.model_channels", { network: { modelChannels: 64 } }],
    ["edm2.ema_stds", { emaStds: [0.1] }],
    ["edm2.network.label_dim", { classConditional: false }],
  ])("never a run whose state is another: %s", (field, own) => {
    const refusal = expect.objectContaining({
      reason: "OUTPUT_EXISTS",
      message: expect.stringContaining("another run"),
    });
    expect(compare({}, own)).toThrow(refusal);
    expect(compare({}, own, true)).toThrow(refusal);
    expect(compare({}, own)).toThrow(field.split(".").at(-1) === "label_dim" ? /class_conditional|label_dim/ : field);
  });
});
