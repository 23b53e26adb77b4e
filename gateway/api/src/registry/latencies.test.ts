/** @file What was measured decides how long is waited: too short kills healthy servers, too long hides dead ones. */
import { describe, expect, it } from "@jest/globals";
import { parseConfig } from "../config.js";
import { stepDeadlineMs } from "../denoise/step-deadline.js";
import { Latencies } from "./latencies.js";
import { Measurements } from "./measurements.js";

describe("measurements", () => {
  it("are the last ones, in order", () => {
    const recent = new Measurements(100);
    expect(recent.quantile(0.5)).toBeUndefined();
    for (let value = 1; value <= 304; value++) recent.add(value);
    expect(recent.count).toBe(100);
    expect(recent.quantile(0.5)).toBe(254);
    expect(recent.quantile(0.99)).toBe(303);
  });
});

describe("the deadline of an evaluation", () => {
  const policy = parseConfig({}, ".", "test").deadlines;
  const measured = (ms: number, batchSize = 4) => {
    const latencies = new Latencies();
    for (let i = 0; i < 50; i++)
      latencies.record({ model: "models/net", batchSize, sigma: 1, totalMs: ms, queueMs: 0, computeMs: ms / 2 });
    return latencies;
  };

  it("is generous while nothing was measured, at least the floor after that, and 20 times what is usual beyond", () => {
    expect(stepDeadlineMs(policy, new Latencies(), "models/net", 4)).toBe(600_000);
    expect(stepDeadlineMs(policy, measured(3), "models/net", 4)).toBe(10_000);
    expect(stepDeadlineMs(policy, measured(2_000), "models/net", 4)).toBe(40_000);
  });

  it("grows with the batch, and takes another model's time for nothing", () => {
    expect(stepDeadlineMs(policy, measured(2_000), "models/net", 8)).toBe(80_000);
    expect(stepDeadlineMs(policy, measured(2_000), "models/net", 1)).toBe(40_000);
    expect(stepDeadlineMs(policy, measured(2_000), "models/gnet", 4)).toBe(600_000);
  });
});
