import { describe, expect, it } from "@jest/globals";
import { localDenoiser } from "./local-denoiser.js";
import { denoiserSuite, gaussianDenoised, gaussianDenoiser, gaussianEvaluator, gaussianInfo } from "./testing.js";

denoiserSuite("a local denoiser", () => ({
  denoiser: gaussianDenoiser(),
  expected: (x, sigma, label) => gaussianDenoised({}, x, sigma, label),
}));

denoiserSuite("an unconditional local denoiser of points", () => ({
  denoiser: gaussianDenoiser({ sampleShape: [2], labelDim: 0 }),
  expected: (x, sigma, label) => gaussianDenoised({}, x, sigma, label),
}));

describe("a local denoiser", () => {
  const x = { shape: [1, 2], data: Float32Array.of(1, 2) };
  const options = { sampleShape: [2], labelDim: 0 };

  it("says whom the work is for, and tells where its time went", async () => {
    const clients: (string | undefined)[] = [];
    const evaluator = gaussianEvaluator({ ...options, onEvaluation: ({ client }) => void clients.push(client) });
    const timings: unknown[] = [];
    const denoiser = localDenoiser(gaussianInfo(options), evaluator, "alice", (timing) => timings.push(timing));
    await denoiser.denoise(x, Float32Array.of(1));
    expect(clients).toEqual(["alice"]);
    expect(timings).toEqual([{ queueMs: 0, computeMs: 0 }]);
  });

  it("names the model that returned NaN", async () => {
    const denoiser = gaussianDenoiser({ ...options, name: "models/broken", spread: Number.NaN });
    await expect(denoiser.denoise(x, Float32Array.of(1))).rejects.toMatchObject({
      reason: "NOT_FINITE",
      message: "models/broken returned NaN or infinity",
      details: { metadata: { model: "models/broken" } },
    });
  });
});
