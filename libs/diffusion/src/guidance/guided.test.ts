/** Guidance is what this product is for: D = D_0 + sum (w_k - 1) (D_0 - D_k), each model called only where it acts. */
import { describe, expect, it } from "@jest/globals";
import { DomainError } from "@tandem/errors";
import type { Denoiser } from "../denoiser.js";
import { denoiserSuite, type GaussianOptions, gaussianDenoised, gaussianDenoiser } from "../testing.js";
import { guided } from "./guided.js";

const strong: GaussianOptions = { name: "models/net", spread: 0.5 };
const weak: GaussianOptions = { name: "models/gnet", spread: 0.8 };
const other: GaussianOptions = { name: "models/other", spread: 0.3, labelDim: 0 };

denoiserSuite("one guiding term", () => ({
  denoiser: guided(gaussianDenoiser(strong), [{ denoiser: gaussianDenoiser(weak), weight: 2 }]),
  expected: (x, sigma, label) => {
    const net = gaussianDenoised(strong, x, sigma, label);
    const gnet = gaussianDenoised(weak, x, sigma, label);
    return net.map((value, i) => gnet[i]! + 2 * (value - gnet[i]!));
  },
}));

denoiserSuite("two guiding terms with intervals, one without labels", () => ({
  denoiser: guided(gaussianDenoiser(strong), [
    { denoiser: gaussianDenoiser(weak), weight: 1.5, interval: { low: 0.5, high: 2 } },
    { denoiser: gaussianDenoiser(strong), weight: 3, interval: { low: 0.5 }, labels: "none" },
  ]),
  expected: (x, sigma, label) => {
    const net = gaussianDenoised(strong, x, sigma, label);
    const gnet = gaussianDenoised(weak, x, sigma, label);
    const unlabelled = gaussianDenoised(
      strong,
      x,
      sigma,
      label.map(() => 0),
    );
    const [first, second] = [sigma > 0.5 && sigma <= 2 ? 0.5 : 0, sigma > 0.5 ? 2 : 0];
    return net.map((value, i) => value + first * (value - gnet[i]!) + second * (value - unlabelled[i]!));
  },
}));

denoiserSuite("an unconditional guide of a conditional model", () => ({
  denoiser: guided(gaussianDenoiser(strong), [{ denoiser: gaussianDenoiser(other), weight: 0.25 }]),
}));

/** A Gaussian denoiser that writes down how many samples each call had. */
function counted(options: GaussianOptions): { denoiser: Denoiser; calls: number[] } {
  const calls: number[] = [];
  return { calls, denoiser: gaussianDenoiser({ ...options, onEvaluation: ({ count }) => void calls.push(count) }) };
}

const points = { sampleShape: [2], labelDim: 0 };
const x = { shape: [3, 2], data: Float32Array.of(1, -2, 3, 0.5, 10, -20) };
const sigma = Float32Array.of(0.3, 1, 20);

describe("a guided denoiser", () => {
  it("is the main model itself when every weight is 1", () => {
    const net = gaussianDenoiser(strong);
    expect(guided(net, [])).toBe(net);
    expect(guided(net, [{ denoiser: gaussianDenoiser(weak), weight: 1 }])).toBe(net);
  });

  it("evaluates a guide only on the samples inside low < sigma <= high; the others are exactly the main model's", async () => {
    const net = counted({ ...points, spread: 0.5 });
    const gnet = counted({ ...points, spread: 0.8 });
    const term = { denoiser: gnet.denoiser, weight: 2, interval: { low: 0.3, high: 1 } };
    const { data } = await guided(net.denoiser, [term]).denoise(x, sigma);
    expect([net.calls, gnet.calls]).toEqual([[3], [1]]);
    const plain = (await net.denoiser.denoise(x, sigma)).data;
    expect([data[0], data[1], data[4], data[5]]).toEqual([plain[0], plain[1], plain[4], plain[5]]);
    expect(data[2]).not.toBe(plain[2]);
  });

  it("does not call a guide when no sample lies in its interval", async () => {
    const gnet = counted(points);
    const net = gaussianDenoiser({ ...points, spread: 0.5 });
    const denoiser = guided(net, [{ denoiser: gnet.denoiser, weight: 2, interval: { low: 30 } }]);
    expect((await denoiser.denoise(x, sigma)).data).toEqual((await net.denoise(x, sigma)).data);
    expect(gnet.calls).toEqual([]);
    expect(denoiser.networksAt?.(20)).toBe(1);
    expect(denoiser.networksAt?.(31)).toBe(2);
  });

  it("is the guide alone, exactly, at weight 0", async () => {
    const gnet = gaussianDenoiser({ ...points, spread: 0.8 });
    const denoiser = guided(gaussianDenoiser(points), [{ denoiser: gnet, weight: 0 }]);
    expect((await denoiser.denoise(x, sigma)).data).toEqual((await gnet.denoise(x, sigma)).data);
  });

  it("runs its models at the same time", async () => {
    let waiting = 0;
    const { promise: bothWait, resolve } = Promise.withResolvers<void>();
    const meet = async () => {
      if (++waiting === 2) resolve();
      await bothWait;
    };
    const [net, gnet] = [
      gaussianDenoiser({ ...points, onEvaluation: meet }),
      gaussianDenoiser({ ...points, onEvaluation: meet }),
    ];
    await expect(guided(net, [{ denoiser: gnet, weight: 2 }]).denoise(x, sigma)).resolves.toBeDefined();
  });

  it("aborts the other models and names the one that failed", async () => {
    let isAborted = false;
    const net = gaussianDenoiser({
      ...points,
      onEvaluation: ({ signal }) =>
        new Promise((_, reject) =>
          signal?.addEventListener("abort", () => {
            isAborted = true;
            reject(signal.reason);
          }),
        ),
    });
    const lost = () =>
      Promise.reject(new DomainError("SERVER_UNAVAILABLE", "connection lost", { metadata: { server: "b" } }));
    const gnet = gaussianDenoiser({ ...points, name: "models/gnet", onEvaluation: lost });
    await expect(guided(net, [{ denoiser: gnet, weight: 2 }]).denoise(x, sigma)).rejects.toMatchObject({
      reason: "SERVER_UNAVAILABLE",
      message: "models/gnet: connection lost",
      details: { resource: "models/gnet", metadata: { server: "b" } },
    });
    expect(isAborted).toBe(true);
  });

  it("leaves no listener on the caller's signal", async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = EventTarget.prototype;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners--;
      removeEventListener.apply(signal, args);
    };
    const denoiser = guided(gaussianDenoiser(points), [{ denoiser: gaussianDenoiser(points), weight: 2 }]);
    await denoiser.denoise(x, sigma, undefined, signal);
    expect(listeners).toBe(0);
  });

  it("says so when the combination overflows", async () => {
    const gnet = gaussianDenoiser({ ...points, spread: 0.8 });
    const denoiser = guided(gaussianDenoiser(points), [{ denoiser: gnet, weight: 3e38 }]);
    const huge = { ...x, data: x.data.map((value) => value * 1e3) };
    await expect(denoiser.denoise(huge, sigma)).rejects.toMatchObject({ reason: "NOT_FINITE" });
  });

  it("consists of all the weights that take part, and takes the smallest batch", () => {
    const gnet = gaussianDenoiser({ ...weak, maxBatchSize: 4 });
    const { info } = guided(gaussianDenoiser(strong), [{ denoiser: gnet, weight: 2 }]);
    expect(info.name).toBe("models/net guided by models/gnet");
    expect(info.maxBatchSize).toBe(4);
    expect(Object.keys(info.weightsDigests)).toEqual(["models/net", "models/gnet"]);
  });

  it.each([
    ["sample_shape", { sampleShape: [4, 4, 4] }],
    ["label_dim", { labelDim: 3 }],
  ])("refuses a guide of another %s, naming model and field", (field, options) => {
    const gnet = gaussianDenoiser({ name: "models/gnet", ...options });
    expect(() => guided(gaussianDenoiser(), [{ denoiser: gnet, weight: 2 }])).toThrow(
      expect.objectContaining({
        reason: "MODEL_INCOMPATIBLE",
        details: expect.objectContaining({ metadata: { model: "models/gnet", field } }),
      }),
    );
  });

  it.each([
    ["sampling.guidance[0].weight", { weight: Number.NaN }],
    ["sampling.guidance[0].weight", { weight: 1e39 }],
    ["sampling.guidance[0].interval.low", { weight: 2, interval: { low: -1 } }],
    ["sampling.guidance[0].interval.high", { weight: 2, interval: { low: 1, high: 1 } }],
  ])("refuses a wrong %s: %j", (field, term) => {
    expect(() => guided(gaussianDenoiser(), [{ denoiser: gaussianDenoiser(), ...term }])).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ field }) }),
    );
  });
});
