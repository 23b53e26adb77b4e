/** @file Every field of a generation at the border: a typing mistake costs a clear line, not an hour of computing. */
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Solver } from "@tandem/contracts";
import { type SpecParts, type StartedGateway, startGateway } from "../testing/start-gateway.js";
import { type StartedPeer, startPeer } from "../testing/start-peer.js";

let peer: StartedPeer;
let gateway: StartedGateway;
beforeAll(async () => {
  peer = await startPeer([
    { name: "models/net" },
    { name: "models/plain", labelDim: 0 },
    { name: "models/wide", labelDim: 7 },
    { name: "models/large", sampleShape: [3, 8, 8] },
    { name: "models/latent", encoding: "latent" },
    { name: "models/toy", sampleShape: [2], labelDim: 0 },
  ]);
  gateway = await startGateway({ a: peer.address, dead: "127.0.0.1:1" });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await peer.served.close();
});

const model = "servers/a/models/net";
const seeds = [{ first: 0n, last: 1n }];
const sampling = (parts: object) => ({ seeds, sampling: { model, ...parts } });
const guidance = (term: object) => sampling({ guidance: [{ model, weight: 2, ...term }] });
const schedule = (parts: object) => sampling({ schedule: parts });
const classes = (...values: number[]) => ({ kind: { $case: "indices" as const, value: { values } } });

const cases: [string, SpecParts, string, string | RegExp][] = [
  ["no spec at all", {}, "FIELD_INVALID", "spec.sampling.model"],
  ["no model", { seeds }, "FIELD_INVALID", "spec.sampling.model is missing"],
  ["no seeds", { sampling: { model } }, "FIELD_INVALID", "spec.seeds is missing"],
  [
    "a range that runs backwards",
    { ...sampling({}), seeds: [{ first: 5n, last: 4n }] },
    "FIELD_INVALID",
    "spec.seeds[0].last is 4",
  ],
  [
    "a seed twice",
    {
      ...sampling({}),
      seeds: [
        { first: 0n, last: 4n },
        { first: 9n, last: 9n },
        { first: 4n, last: 6n },
      ],
    },
    "FIELD_INVALID",
    /spec\.seeds\[2\] is "seed 4 again"/,
  ],
  [
    "too many seeds",
    { ...sampling({}), seeds: [{ first: 0n, last: 10_000n }] },
    "LIMIT_EXCEEDED",
    "10001 seeds; at most 10000",
  ],
  [
    "all seeds there are",
    { ...sampling({}), seeds: [{ first: 0n, last: 2n ** 64n - 1n }] },
    "LIMIT_EXCEEDED",
    "at most 10000",
  ],
  [
    "an unknown server",
    { seeds, sampling: { model: "servers/aa/models/net" } },
    "RESOURCE_NOT_FOUND",
    "there is no server aa; did you mean a",
  ],
  [
    "an unknown model",
    { seeds, sampling: { model: "servers/a/models/nett" } },
    "RESOURCE_NOT_FOUND",
    "did you mean servers/a/models/net",
  ],
  [
    "a model that nobody has",
    { seeds, sampling: { model: "servers/-/models/zzz" } },
    "RESOURCE_NOT_FOUND",
    "there is no model servers/-/models/zzz",
  ],
  [
    "a server that is not there",
    { seeds, sampling: { model: "servers/dead/models/net" } },
    "SERVER_UNAVAILABLE",
    "server dead",
  ],
  [
    "a model server's own name",
    { seeds, sampling: { model: "models/net" } },
    "FIELD_INVALID",
    'spec.sampling.model is "models/net"',
  ],
  ["a relative path", { seeds, sampling: { model: "net.pkl" } }, "FIELD_INVALID", "a path must be absolute"],
  ["a guide without a name", guidance({ model: "" }), "FIELD_INVALID", "spec.sampling.guidance[0].model is missing"],
  [
    "an unknown guide, turned off",
    guidance({ model: "gnet", weight: 1 }),
    "FIELD_INVALID",
    "spec.sampling.guidance[0].model",
  ],
  [
    "a guide without weight",
    sampling({ guidance: [{ model }] }),
    "FIELD_INVALID",
    "spec.sampling.guidance[0].weight is missing",
  ],
  [
    "an infinite weight",
    guidance({ weight: Infinity }),
    "FIELD_INVALID",
    "spec.sampling.guidance[0].weight is Infinity",
  ],
  ["NaN as weight", guidance({ weight: NaN }), "FIELD_INVALID", "spec.sampling.guidance[0].weight is NaN"],
  [
    "an empty interval",
    guidance({ interval: { low: 2, high: 2 } }),
    "FIELD_INVALID",
    "spec.sampling.guidance[0].interval.high is 2",
  ],
  [
    "a negative interval",
    guidance({ interval: { low: -1 } }),
    "FIELD_INVALID",
    "spec.sampling.guidance[0].interval.low is -1",
  ],
  ["an unknown use of labels", guidance({ labels: 9 }), "FIELD_INVALID", "spec.sampling.guidance[0].labels"],
  ["too many terms", sampling({ guidance: Array(17).fill({ model, weight: 2 }) }), "FIELD_INVALID", "17 terms"],
  [
    "a guide of another shape",
    guidance({ model: "servers/a/models/large" }),
    "MODEL_INCOMPATIBLE",
    /cannot guide.*\[3,8,8\]/,
  ],
  ["a guide of other classes", guidance({ model: "servers/a/models/wide" }), "MODEL_INCOMPATIBLE", /label_dim is 7/],
  ["a guide in latents", guidance({ model: "servers/a/models/latent" }), "MODEL_INCOMPATIBLE", /latent/],
  ["too many steps", schedule({ numSteps: 10_001 }), "FIELD_INVALID", "spec.sampling.schedule.num_steps is 10001"],
  ["a negative sigma_min", schedule({ sigmaMin: -1 }), "FIELD_INVALID", "spec.sampling.schedule.sigma_min is -1"],
  ["sigma_min above sigma_max", schedule({ sigmaMin: 90 }), "FIELD_INVALID", "spec.sampling.schedule.sigma_min is 90"],
  [
    "an infinite sigma_max",
    schedule({ sigmaMax: Infinity }),
    "FIELD_INVALID",
    "spec.sampling.schedule.sigma_max is Infinity",
  ],
  ["NaN as rho", schedule({ rho: NaN }), "FIELD_INVALID", "spec.sampling.schedule.rho is NaN"],
  [
    "levels that float32 cannot tell apart",
    schedule({ numSteps: 10_000, sigmaMin: 1, sigmaMax: 1.0001 }),
    "FIELD_INVALID",
    "spec.sampling.schedule.rho",
  ],
  ["levels that rise", schedule({ sigmas: [1, 2] }), "FIELD_INVALID", "spec.sampling.schedule.sigmas[1] is 2"],
  [
    "levels and a formula",
    schedule({ sigmas: [2, 1], numSteps: 2 }),
    "FIELD_INVALID",
    "spec.sampling.schedule.num_steps is 2",
  ],
  ["an unknown solver", sampling({ solver: 99 }), "FIELD_INVALID", "spec.sampling.solver"],
  [
    "churn in a multistep solver",
    sampling({ solver: Solver.SOLVER_DPMPP_2M, churn: { amount: 1 } }),
    "FIELD_INVALID",
    "spec.sampling.churn.amount is 1",
  ],
  ["negative churn", sampling({ churn: { amount: -1 } }), "FIELD_INVALID", "spec.sampling.churn.amount is -1"],
  [
    "a class out of range",
    { ...sampling({}), labels: classes(4) },
    "LABEL_OUT_OF_RANGE",
    "spec.labels.indices.values holds 4; a class is 0 to 3",
  ],
  [
    "more classes than seeds",
    { ...sampling({}), labels: classes(0, 1, 2) },
    "FIELD_INVALID",
    'spec.labels.indices.values is "3 classes"',
  ],
  [
    "label rows of another width",
    {
      ...sampling({}),
      labels: { kind: { $case: "vectors", value: { dataType: 1, shape: [1, 5], data: new Uint8Array(20) } } },
    },
    "SHAPE_MISMATCH",
    "spec.labels.vectors.shape",
  ],
  ["an unknown generator", { ...sampling({}), generator: 7 as never }, "FIELD_INVALID", "spec.generator"],
  ["an unknown format", { ...sampling({}), format: 7 as never }, "FIELD_INVALID", "spec.format"],
  ["an unknown placement", { ...sampling({}), placement: 7 as never }, "FIELD_INVALID", "spec.placement"],
  ["an integer wire type", { ...sampling({}), wireType: 5 }, "DATA_TYPE_UNSUPPORTED", "spec.wire_type"],
  ["a huge batch", { ...sampling({}), batchSize: 5000 }, "FIELD_INVALID", "spec.batch_size is 5000"],
  [
    "huge previews",
    { ...sampling({}), previews: { everySteps: 1, maxSize: 9999 } },
    "FIELD_INVALID",
    "spec.previews.max_size is 9999",
  ],
  ["a folder for the images", { ...sampling({}), outputUri: "file:///tmp" }, "FIELD_INVALID", "spec.output_uri"],
  ["an autoencoder", { ...sampling({}), autoencoder: "servers/a/models/vae" }, "FIELD_INVALID", "spec.autoencoder"],
  ["pixels of latents", { seeds, sampling: { model: "servers/a/models/latent" } }, "NOT_SUPPORTED", "IMAGE_FORMAT_NPY"],
  [
    "pixels of points",
    { seeds, sampling: { model: "servers/a/models/toy" } },
    "MODEL_INCOMPATIBLE",
    "IMAGE_FORMAT_NPY",
  ],
  [
    "a preset with a slip in its name",
    { seeds, preset: "edm2-img512-s-autogg-dino" },
    "RESOURCE_NOT_FOUND",
    "did you mean edm2-img512-s-autog-dino",
  ],
  ["a preset that is no name", { seeds, preset: "a b" }, "FIELD_INVALID", "spec.preset"],
];

describe("Generate refuses, before any server works,", () => {
  it.each(cases)("%s", async (_, spec, reason, message) => {
    const text = typeof message === "string" ? expect.stringContaining(message) : expect.stringMatching(message);
    await expect(gateway.generate(spec)).rejects.toMatchObject({ name: "DomainError", reason, message: text });
    expect(peer.peer.evaluationCount).toBe(0);
  });

  it("whole loops whose models are on two servers, saying which are where", async () => {
    await using other = await startPeer([{ name: "models/gnet" }]);
    await using two = await startGateway({ a: peer.address, b: other.address });
    const spec = {
      seeds,
      placement: 1,
      sampling: { model, guidance: [{ model: "servers/b/models/gnet", weight: 2 }] },
    };
    // The same weights are on both, so only the names keep them apart.
    await expect(two.generate(spec)).rejects.toMatchObject({
      reason: "MODEL_INCOMPATIBLE",
      message: expect.stringContaining("servers/b/models/gnet is on b"),
    });
  });

  it("jobs, which it does not keep", async () => {
    await expect(gateway.gateway.createGenerationJob({ spec: sampling({}) })).rejects.toMatchObject({
      reason: "NOT_SUPPORTED",
      message: expect.stringContaining("no jobs"),
    });
  });

  it("more generations at once than it is told to take, with a time to come back", async () => {
    await using slow = await startPeer([{ name: "models/net", delayMs: 20 }]);
    await using small = await startGateway({ a: slow.address }, { limits: { maxGenerations: 1 } });
    const first = small.generate(sampling({}));
    const started = small.gateway.generate({ spec: sampling({}) });
    await expect(
      (async () => {
        for (;;) for await (const _ of started) break;
      })(),
    ).rejects.toMatchObject({ reason: "QUEUE_FULL", details: { retryAfterMs: 1000 } });
    expect((await first).at(-1)?.$case).toBe("done");
  });
});
