import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  DataType,
  LabelUse,
  NoiseGenerator,
  readTensor,
  SampleRequest,
  type SampleResult,
  Solver,
  toMilliseconds,
} from "@tandem/contracts";
import { createGenerator, type Denoiser, drawBatch, guided, noiseLevels, sample } from "@tandem/diffusion";
import { type Network, networkConfig, randomNetwork, writeNetwork } from "@tandem/networks";
import { until } from "@tandem/rpc/testing";
import type { Draft } from "../testing/draft.js";
import {
  golden,
  goldenTensors,
  message,
  points,
  relativeError,
  sameBytes,
  temporaryFolder,
} from "../testing/golden.js";
import { Session } from "../testing/sessions.js";
import { type RunningSampler, startSampler } from "../testing/start-sampler.js";

type Request = Draft<typeof SampleRequest>;

const toy = { $case: "network" as const, value: { architecture: { $case: "toyMlp" as const, value: {} } } };
const weak = {
  $case: "network" as const,
  value: { architecture: { $case: "toyMlp" as const, value: { hiddenDim: 32 } } },
};
const guidedToy = { model: "models/toy", guidance: [{ model: "models/weak", weight: 2 }] };

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let sampler: RunningSampler;

beforeAll(async () => {
  folder = await temporaryFolder();
  sampler = await startSampler(
    ...["--model", `net=${golden("sampler/net.pkl")}`, "--model", `gnet=${golden("sampler/gnet.pkl")}`],
    ...["--max-batch", "8", "--queue-limit", "64", "--roots", folder.path],
  );
  await sampler.models.loadModel({ name: "models/toy", source: toy });
  await sampler.models.loadModel({ name: "models/weak", source: weak });
});
afterAll(async () => {
  await sampler[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

async function run(request: Request) {
  const progress = [];
  let result: SampleResult | undefined;
  for await (const { event } of sampler.sampler.sample(request)) {
    if (result) throw new Error("an event after the result");
    if (event?.$case === "progress") progress.push(event.value);
    if (event?.$case === "result") result = event.value;
  }
  if (!result) throw new Error("no result");
  return { progress, result, samples: readTensor(result.samples, "samples") };
}

const nothingIsLeft = () =>
  until("no run, no session, no evaluation, no call", () => {
    const { domain, runtime, server } = sampler;
    return runtime.running === 0 && server.activeCalls === 0 && domain.sessions.count === 0;
  });

describe("Sample", () => {
  it("equals the reference's guided run, the labels it drew included", async () => {
    const expected = await goldenTensors("sampler/guided.safetensors");
    const { seeds, evaluations } = JSON.parse(await readFile(golden("sampler/guided.json"), "utf8"));
    const sampling = { model: "models/net", guidance: [{ model: "models/gnet", weight: 2 }] };
    const { samples, result, progress } = await run({ sampling, seeds: seeds.map(BigInt) });
    expect(relativeError(samples.data, expected.latents!.data)).toBeLessThan(1e-5);
    const labelDim = 10;
    const drawn = seeds.map((_: number, n: number) => expected.labels!.data.subarray(n * labelDim).indexOf(1));
    expect(result.labels).toEqual({ kind: { $case: "indices", value: { values: drawn } } });
    expect(result.evaluations).toBe(2 * evaluations);
    expect(Object.keys(result.weightsDigests).sort()).toEqual(["models/gnet", "models/net"]);
    expect(toMilliseconds(result.timing!.compute)).toBeGreaterThan(0);
    expect(progress.map(({ step }) => step)).toEqual(Array.from({ length: 32 }, (_, i) => i + 1));
    expect(progress.at(-1)).toMatchObject({ numSteps: 32, sigma: 0 });
  });

  /** The promise behind both placements: a loop here, or a loop at the gateway over streams, is the same image. */
  it("gives the bytes of a loop over DenoiseStream, guidance, intervals, labels and churn included", async () => {
    const sampling = {
      model: "models/net",
      guidance: [
        { model: "models/gnet", weight: 2.5, interval: { low: 0.05, high: 3 } },
        { model: "models/net", weight: 1.5, labels: LabelUse.LABEL_USE_NONE },
      ],
      schedule: { numSteps: 4 },
      churn: { amount: 2, sigmaMin: 0.05, sigmaMax: 50, noiseScale: 1.003 },
    };
    const seeds = [7n, 2n ** 40n];
    const { samples, result } = await run({ sampling, seeds });
    const batch = drawBatch({ generator: "torch-cpu", seeds, sampleShape: [3, 32, 32], labelDim: 10 });
    await using sessions = new AsyncDisposableStack();
    const remote = async (model: string, hasLabels: boolean): Promise<Denoiser> => {
      const stream = new Session(sampler.denoiser);
      sessions.defer(() => stream.end());
      const labels = hasLabels ? { kind: { $case: "vectors" as const, value: message(batch.labels!) } } : undefined;
      await stream.open({ model, shape: [2, 3, 32, 32], labels });
      const info = { name: model, sampleShape: [3, 32, 32], labelDim: 10, maxBatchSize: 8, weightsDigests: {} };
      return {
        info,
        denoise: async (x, sigma) => ({ shape: x.shape, data: await stream.denoise(x, [...sigma]) }),
      };
    };
    const denoiser = guided(await remote("models/net", true), [
      { denoiser: await remote("models/gnet", true), weight: 2.5, interval: { low: 0.05, high: 3 } },
      { denoiser: await remote("models/net", false), weight: 1.5, labels: "none" },
    ]);
    const { noise, labels, generators } = batch;
    const levels = noiseLevels({ steps: 4 });
    const local = await sample({ denoiser, levels, solver: "heun", noise, labels, generators, churn: sampling.churn });
    expect(sameBytes(samples.data, local.samples.data)).toBe(true);
    expect(result.evaluations).toBe(local.networkEvaluations);
  });

  it("gives a sample the same bytes in every batch, beside any other run", async () => {
    const sampling = { ...guidedToy, schedule: { numSteps: 6 }, churn: { amount: 3 } };
    const together = await run({ sampling, seeds: [1n, 2n, 3n] });
    const alone = await Promise.all([1n, 2n, 3n].map((seed) => run({ sampling, seeds: [seed] })));
    for (const [n, { samples }] of alone.entries())
      expect(sameBytes(samples.data, together.samples.data.slice(2 * n, 2 * n + 2))).toBe(true);
  });

  it("draws as either generator draws, and starts from what it is given", async () => {
    const sampling = { model: "models/toy", schedule: { numSteps: 1, sigmaMax: 5 } };
    const seeds = [0n, 1n];
    for (const [generator, name] of [
      [NoiseGenerator.NOISE_GENERATOR_TORCH_CPU, "torch-cpu"],
      [NoiseGenerator.NOISE_GENERATOR_TORCH_CUDA, "torch-cuda"],
    ] as const) {
      const drawn = await run({ sampling, seeds, generator });
      const noise = new Float32Array(4);
      for (const n of [0, 1]) createGenerator(name, seeds[n]!).fillNormal(noise.subarray(2 * n, 2 * n + 2));
      const start = message({ shape: [2, 2], data: noise.map((value) => value * 5) });
      const started = await run({ sampling, seeds, generator, start });
      expect(sameBytes(started.samples.data, drawn.samples.data)).toBe(true);
    }
  });

  it("shows previews and the trajectory when asked, and nothing of either when not", async () => {
    const sampling = { model: "models/toy", schedule: { numSteps: 5, sigmaMax: 5 }, solver: Solver.SOLVER_EULER };
    const { progress, samples } = await run({ sampling, seeds: [1n], previewEvery: 2, trajectory: true });
    expect(progress.map(({ denoised }) => denoised !== undefined)).toEqual([false, true, false, true, false]);
    expect(progress.every(({ state }) => state!.shape.join() === "1,2")).toBe(true);
    expect(sameBytes(readTensor(progress.at(-1)!.state, "state").data, samples.data)).toBe(true);
    const states = new Set(progress.map(({ state }) => readTensor(state, "state").data.join()));
    expect(states.size).toBe(5);
    const plain = await run({ sampling, seeds: [1n] });
    expect(plain.progress.every(({ denoised, state }) => !denoised && !state)).toBe(true);
  });

  it("uses the labels it is given, and tells the type that was asked for", async () => {
    const sampling = { model: "models/net", schedule: { numSteps: 1 } };
    const labels = { kind: { $case: "indices" as const, value: { values: [4, -1] } } };
    const { result } = await run({ sampling, seeds: [1n, 2n], labels, outputType: DataType.DATA_TYPE_FLOAT16 });
    expect(result.labels).toEqual(labels);
    expect(result.samples!.dataType).toBe(DataType.DATA_TYPE_FLOAT16);
    const toyRun = await run({ sampling: { model: "models/toy", schedule: { numSteps: 1 } }, seeds: [1n] });
    expect(toyRun.result.labels).toBeUndefined();
  });

  it("does not call a model whose weight is 1, nor one outside of its interval", async () => {
    const before = sampler.runtime.evaluations.weak ?? 0;
    const off = { model: "models/elsewhere", weight: 1 };
    const never = { model: "models/weak", weight: 3, interval: { low: 1000 } };
    const sampling = { model: "models/toy", guidance: [off, never], schedule: { numSteps: 3 } };
    const { result } = await run({ sampling, seeds: [1n] });
    expect(sampler.runtime.evaluations.weak ?? 0).toBe(before);
    expect(result.evaluations).toBe(5);
  });
});

describe("a wrong Sample", () => {
  const good: Request = { sampling: { model: "models/toy", schedule: { numSteps: 1 } }, seeds: [1n, 2n] };
  const spec = (fields: object): Request => ({ ...good, sampling: { model: "models/toy", ...fields } });
  const start = (fields: object): Request => ({ ...good, start: { ...message(points(2)), ...fields } });

  it.each<[string, Request, string, string]>([
    ["no sampling", { seeds: [1n] }, "FIELD_INVALID", "sampling"],
    ["no model", { ...good, sampling: {} }, "FIELD_INVALID", "sampling.model"],
    ["no seeds", { ...good, seeds: [] }, "FIELD_INVALID", "seeds"],
    ["a seed twice", { ...good, seeds: [1n, 2n, 1n] }, "FIELD_INVALID", "seeds"],
    ["too many seeds", { ...good, seeds: [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n] }, "BATCH_TOO_LARGE", "seeds"],
    ["too many steps", spec({ schedule: { numSteps: 20_000 } }), "FIELD_INVALID", "sampling.schedule.num_steps"],
    ["sigma_min above sigma_max", spec({ schedule: { sigmaMin: 90 } }), "FIELD_INVALID", "sampling.schedule.sigma_min"],
    ["rho NaN", spec({ schedule: { rho: Number.NaN } }), "FIELD_INVALID", "sampling.schedule.rho"],
    ["levels that rise", spec({ schedule: { sigmas: [1, 2] } }), "FIELD_INVALID", "sampling.schedule.sigmas[1]"],
    ["an unknown solver", spec({ solver: 17 as Solver }), "FIELD_INVALID", "sampling.solver"],
    ["churn below 0", spec({ churn: { amount: -1 } }), "FIELD_INVALID", "sampling.churn.amount"],
    [
      "churn in DPM-Solver++",
      spec({ churn: { amount: 1 }, solver: Solver.SOLVER_DPMPP_2M }),
      "FIELD_INVALID",
      "sampling.churn.amount",
    ],
    [
      "guidance without a weight",
      spec({ guidance: [{ model: "models/weak" }] }),
      "FIELD_INVALID",
      "sampling.guidance[0].weight",
    ],
    ["guidance by nobody", spec({ guidance: [{ weight: 2 }] }), "FIELD_INVALID", "sampling.guidance[0].model"],
    [
      "guidance by itself",
      spec({ guidance: [{ model: "models/toy", weight: 2 }] }),
      "FIELD_INVALID",
      "sampling.guidance[0].model",
    ],
    [
      "guidance by other shapes",
      spec({ guidance: [{ model: "models/net", weight: 2 }] }),
      "MODEL_INCOMPATIBLE",
      "sampling.guidance[0].model",
    ],
    [
      "an empty interval",
      spec({ guidance: [{ model: "models/weak", weight: 2, interval: { low: 2, high: 1 } }] }),
      "FIELD_INVALID",
      "sampling.guidance[0].interval.high",
    ],
    ["an unknown generator", { ...good, generator: 9 as NoiseGenerator }, "FIELD_INVALID", "generator"],
    [
      "a class out of range",
      {
        sampling: { model: "models/net" },
        seeds: [1n],
        labels: { kind: { $case: "indices", value: { values: [10] } } },
      },
      "LABEL_OUT_OF_RANGE",
      "labels.indices.values",
    ],
    ["a start of another shape", start({ shape: [4, 1] }), "SHAPE_MISMATCH", "start.shape"],
    [
      "a start for other seeds",
      { ...good, seeds: [1n, 2n, 3n], start: message(points(2)) },
      "SHAPE_MISMATCH",
      "start.shape",
    ],
    [
      "a start in half precision",
      start({ dataType: DataType.DATA_TYPE_FLOAT16 }),
      "DATA_TYPE_UNSUPPORTED",
      "start.data_type",
    ],
    ["a start cut short", start({ data: new Uint8Array(3) }), "TENSOR_SIZE_MISMATCH", "start.data"],
    [
      "a start with NaN",
      { ...good, start: message({ shape: [2, 2], data: new Float32Array(4).fill(Number.NaN) }) },
      "FIELD_INVALID",
      "start.data",
    ],
    ["pixels as output", { ...good, outputType: DataType.DATA_TYPE_UINT8 }, "DATA_TYPE_UNSUPPORTED", "output_type"],
  ])("with %s is refused", async (...[, request, reason, field]) => {
    await expect(run(request)).rejects.toMatchObject({ reason, details: { field } });
    expect((await run(good)).samples.shape).toEqual([2, 2]);
  });

  it("names the models that do not exist", async () => {
    for (const [sampling, resource] of [
      [{ model: "models/nobody" }, "models/nobody"],
      [{ model: "models/toy", guidance: [{ model: "models/none", weight: 2 }] }, "models/none"],
    ] as const)
      await expect(run({ sampling: sampling as Request["sampling"], seeds: [1n] })).rejects.toMatchObject({
        reason: "RESOURCE_NOT_FOUND",
        details: { resource },
      });
  });

  it("combines no models whose samples mean different things, though their shapes agree", async () => {
    const config = networkConfig({
      kind: "edm2_unet",
      imgResolution: 8,
      imgChannels: 4,
      modelChannels: 8,
      channelMult: [1],
      numBlocks: 1,
    });
    const rgb = randomNetwork(config, 1);
    const latent: Network["encoding"] = {
      ...{ kind: "latent", autoencoder: "models/vae", downscale: 8, finalMean: 0, finalStd: 0.5 },
      ...{ rawMean: [0, 0, 0, 0], rawStd: [1, 1, 1, 1] },
    };
    for (const [name, network] of Object.entries({ rgb, latent: { ...rgb, encoding: latent } })) {
      const path = join(folder.path, `${name}.safetensors`);
      await writeNetwork(path, network, { dtype: "F32" });
      await sampler.models.loadModel({ name: `models/${name}`, source: { $case: "weights", value: { uri: path } } });
    }
    const sampling = { model: "models/rgb", guidance: [{ model: "models/latent", weight: 2 }] };
    await expect(run({ sampling, seeds: [1n] })).rejects.toMatchObject({
      reason: "MODEL_INCOMPATIBLE",
      details: { metadata: { model: "models/latent", field: "encoding" } },
    });
  });
});

describe("a Sample that is given up", () => {
  /** A closed browser tab must free the device: a 63-evaluation grid that runs on blocks everyone behind it. */
  it("stops evaluating when the client cancels in the middle of an evaluation", async () => {
    const { runtime } = sampler;
    const before = runtime.total;
    const pause = runtime.pauseAt(7);
    const caller = new AbortController();
    const running = sampler.sampler.sample(
      { sampling: { model: "models/toy" }, seeds: [1n] },
      { signal: caller.signal },
    );
    const consumed = (async () => {
      for await (const _ of running);
    })();
    await pause.reached;
    caller.abort();
    await expect(consumed).rejects.toMatchObject({ name: "AbortError" });
    await nothingIsLeft();
    pause.release();
    expect(runtime.total - before).toBe(7);
  });

  it("stops when the consumer leaves between steps, and at the deadline", async () => {
    const request = { sampling: { ...guidedToy, schedule: { numSteps: 2000 } }, seeds: [1n] };
    for await (const { event } of sampler.sampler.sample(request))
      if (event?.$case === "progress" && event.value.step === 3) break;
    await nothingIsLeft();
    const late = (async () => {
      for await (const _ of sampler.sampler.sample(request, { deadline: 200 }));
    })();
    await expect(late).rejects.toMatchObject({ name: "TimeoutError" });
    await nothingIsLeft();
  });

  it("lets an unload wait for its run, and refuses new ones meanwhile", async () => {
    await sampler.models.loadModel({ name: "models/brief", source: toy });
    const pause = sampler.runtime.pauseAt(2);
    const running = run({ sampling: { model: "models/brief", schedule: { numSteps: 3 } }, seeds: [1n] });
    await pause.reached;
    const unloading = sampler.models.unloadModel({ name: "models/brief" });
    await until("it is refused", async () => {
      const { model } = await sampler.models.getModel({ name: "models/brief" });
      return model!.execution === undefined;
    });
    const refused = run({ sampling: { model: "models/brief" }, seeds: [1n] });
    await expect(refused).rejects.toMatchObject({ reason: "MODEL_NOT_READY" });
    pause.release();
    expect((await running).result.evaluations).toBe(5);
    await unloading;
  });

  it("is refused at once, with a delay, when too many run", async () => {
    const pause = sampler.runtime.pauseAt(1);
    const seeds = [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n];
    const request = { sampling: { model: "models/toy", schedule: { numSteps: 1 } }, seeds };
    const running = Array.from({ length: 8 }, () => run(request));
    await until("all of them run", () => sampler.runtime.running === 8);
    await expect(run(request)).rejects.toMatchObject({
      reason: "QUEUE_FULL",
      details: { retryAfterMs: expect.any(Number) },
    });
    pause.release();
    await Promise.all(running);
    await run(request);
  });

  it("leaves memory, queues and streams flat after 1000 cancellations", async () => {
    const cancelled = async (i: number) => {
      const caller = new AbortController();
      const { signal } = caller;
      const calls = [
        async () => {
          for await (const _ of sampler.sampler.sample({ sampling: guidedToy, seeds: [BigInt(i)] }, { signal }));
        },
        async () => {
          const stream = new Session(sampler.denoiser, signal);
          await stream.open({ model: "models/toy", shape: [1, 2] });
          while (true) await stream.denoise(points(1), [1]);
        },
        async () => {
          while (true)
            await sampler.denoiser.denoise({ model: "models/toy", x: message(points(2)), sigma: [1] }, { signal });
        },
      ];
      setTimeout(() => caller.abort(), (i * 7) % 11);
      await expect(calls[i % 3]!()).rejects.toMatchObject({ name: "AbortError" });
    };
    const round = async (count: number) => {
      for (let i = 0; i < count; i += 20) await Promise.all(Array.from({ length: 20 }, (_, k) => cancelled(i + k)));
      await nothingIsLeft();
    };
    const heap = () => {
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    await round(200); // caches fill
    const before = heap();
    await round(1000);
    expect(sampler.domain.runtime.list().every((status) => status.waitingRequests + status.runningSamples === 0)).toBe(
      true,
    );
    expect(heap() - before).toBeLessThan(16 * 2 ** 20);
  });
});
