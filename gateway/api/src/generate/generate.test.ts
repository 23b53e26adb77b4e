/** @file Generate, end to end over real gRPC: two model servers and a gateway; only the networks are closed forms. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { DataType, ImageFormat, type ImageInfo, LabelUse, Placement, Solver } from "@tandem/contracts";
import { Metadata } from "@tandem/rpc";
import { until } from "@tandem/rpc/testing";
import sharp from "sharp";
import { readText } from "../images/text-chunk.js";
import type { TestModel } from "../testing/gaussian-models.js";
import { type SpecParts, type StartedGateway, startGateway } from "../testing/start-gateway.js";
import { type StartedPeer, startPeer } from "../testing/start-peer.js";

const net: TestModel = { name: "models/net", spread: 0.5, source: "file:///weights/net.pkl" };
const gnet: TestModel = {
  name: "models/gnet",
  spread: 0.8,
  meanStep: 0.1,
  labelDim: 0,
  source: "file:///weights/gnet.pkl",
};

setFlagsFromString("--expose-gc");
/** Collects garbage: what is left in memory is then held by somebody. */
const collect = runInNewContext("gc") as () => void;

/** A guided spec; models by server. */
function guided(main: string, guide: string, parts: SpecParts = {}): SpecParts {
  return {
    seeds: [{ first: 0n, last: 7n }],
    sampling: {
      model: `servers/${main}/models/net`,
      guidance: [{ model: `servers/${guide}/models/gnet`, weight: 2, interval: { low: 0.05, high: 20 } }],
      schedule: { numSteps: 6 },
    },
    ...parts,
  };
}

let both: StartedPeer;
let main: StartedPeer;
let guide: StartedPeer;
let standIn: StartedPeer;
let gateway: StartedGateway;
beforeAll(async () => {
  [both, main, guide, standIn] = await Promise.all([
    startPeer([net, gnet]),
    startPeer([net]),
    startPeer([gnet]),
    startPeer([{ ...gnet, source: "file:///elsewhere/gnet.pkl" }]),
  ]);
  gateway = await startGateway({ both: both.address, main: main.address, guide: guide.address });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await Promise.all([both, main, guide, standIn].map(({ served }) => served.close()));
});

/** Users compare images from different set-ups; operators move models. A picture must not tell where it was made. */
describe("the same image", () => {
  it("comes out with the same bytes on one server, on two, step by step on one, and in any batch", async () => {
    const files = async (spec: SpecParts) => (await gateway.images(spec)).map(({ data }) => Buffer.from(data));
    const oneServer = await files(guided("both", "both"));
    expect(oneServer).toHaveLength(8);
    expect(await files(guided("main", "guide"))).toEqual(oneServer);
    expect(await files(guided("both", "both", { placement: Placement.PLACEMENT_PER_STEP }))).toEqual(oneServer);
    expect(await files(guided("main", "guide", { batchSize: 1 }))).toEqual(oneServer);
    expect(await files(guided("main", "guide", { batchSize: 3 }))).toEqual(oneServer);
    expect(await files(guided("both", "both", { batchSize: 5 }))).toEqual(oneServer);
  });

  it.each([
    ["churn", { churn: { amount: 10, noiseScale: 1.01 } }],
    ["another solver", { solver: Solver.SOLVER_DPMPP_2M }],
    ["a weight below one half", { guidance: [{ model: "gnet", weight: 0.3 }] }],
    ["no labels for the guide", { guidance: [{ model: "gnet", weight: 2, labels: LabelUse.LABEL_USE_NONE }] }],
  ])("comes out with the same bytes on one server and on two with %s", async (_, parts) => {
    const files = async (net: string, gnet: string) => {
      const guidance = "guidance" in parts ? parts.guidance : [{ model: "gnet", weight: 2 }];
      const sampling = {
        schedule: { numSteps: 4 },
        ...parts,
        model: `servers/${net}/models/net`,
        guidance: guidance.map((term) => ({ ...term, model: `servers/${gnet}/models/gnet` })),
      };
      return (await gateway.images({ seeds: [{ first: 7n, last: 9n }], sampling })).map(({ data }) =>
        Buffer.from(data),
      );
    };
    expect(await files("main", "guide")).toEqual(await files("both", "both"));
  });

  it("in half precision on the wire is nearly the same, and says so in its file", async () => {
    const seeds = [{ first: 1n, last: 1n }];
    const [exact] = await gateway.images(guided("main", "guide", { seeds }));
    const [half] = await gateway.images(guided("main", "guide", { seeds, wireType: DataType.DATA_TYPE_FLOAT16 }));
    const [one, other] = await Promise.all([exact, half].map((image) => sharp(image!.data).raw().toBuffer()));
    expect(Math.max(...one!.map((value, i) => Math.abs(value - other![i]!)))).toBeLessThan(4);
    expect(readText(half!.data, "tandem")).toContain('"wireType":"DATA_TYPE_FLOAT16"');
  });

  it("comes out with the same bytes when a stand-in takes over in the middle", async () => {
    const whole = await gateway.images(guided("main", "guide"));
    const doomed = await startPeer([gnet]);
    await using other = await startGateway({ main: main.address, guide: doomed.address, spare: standIn.address });
    let closing: Promise<void> | undefined;
    doomed.peer.onEvaluation = async (count) => {
      if (count < 5) return;
      closing ??= doomed.served.close();
      await new Promise(() => {});
    };
    const images = await other.images(guided("main", "guide"));
    await closing;
    expect(images.map(({ data }) => data)).toEqual(whole.map(({ data }) => data));
    expect(standIn.peer.evaluationCount).toBeGreaterThan(0);
  });

  it("carries its settings, without servers, in the file; with servers, in the message", async () => {
    const [image] = await gateway.images(guided("main", "guide", { seeds: [{ first: 0n, last: 0n }] }));
    const text = JSON.parse(readText(image!.data, "tandem")!) as Record<string, unknown>;
    expect(text).toMatchObject({
      seed: "0",
      sampling: { model: "net.pkl", guidance: [{ model: "gnet.pkl", weight: 2, interval: { low: 0.05, high: 20 } }] },
      weightsDigests: { "net.pkl": expect.stringMatching(/^sha256:/), "gnet.pkl": expect.stringMatching(/^sha256:/) },
      width: 4,
      height: 4,
    });
    expect(JSON.stringify(text)).not.toMatch(/servers\/|placement|weights\//i);
    expect(image!.info).toMatchObject({
      placement: Placement.PLACEMENT_PER_STEP,
      sampling: { model: "servers/main/models/net", guidance: [{ model: "servers/guide/models/gnet" }] },
    });
  });

  it("is a PNG of exactly the pixels that RGB8 gives, and NPY holds the samples behind them", async () => {
    const seeds = [{ first: 5n, last: 5n }];
    const [png] = await gateway.images(guided("both", "both", { seeds }));
    const [rgb] = await gateway.images(guided("both", "both", { seeds, format: ImageFormat.IMAGE_FORMAT_RGB8 }));
    const [npy] = await gateway.images(guided("both", "both", { seeds, format: ImageFormat.IMAGE_FORMAT_NPY }));
    expect(await sharp(png!.data).raw().toBuffer()).toEqual(Buffer.from(rgb!.data));
    expect(npy!.mediaType).toBe("application/x-npy");
    const samples = new Float32Array(Uint8Array.from(npy!.data.subarray(-192)).buffer);
    const pixel = (value: number) =>
      Math.trunc(Math.min(255, Math.max(0, Math.fround(Math.fround(value * 127.5) + 128))));
    const chw = Array.from(samples, pixel);
    expect([...rgb!.data]).toEqual(Array.from({ length: 48 }, (_, i) => chw[(i % 3) * 16 + Math.floor(i / 3)]));
  });
});

describe("Generate", () => {
  it("says the plan first, every image once, progress in between, and done last", async () => {
    const events = await gateway.generate(guided("main", "guide", { previews: { everySteps: 2, maxSize: 2 } }));
    expect(events[0]).toMatchObject({
      $case: "plan",
      value: { placement: Placement.PLACEMENT_PER_STEP, servers: ["servers/main", "servers/guide"], numImages: 8n },
    });
    expect(events.at(-1)).toMatchObject({ $case: "done", value: { numImages: 8n } });
    const seeds = events.flatMap((event) => (event.$case === "image" ? [event.value.info!.seed] : []));
    expect(seeds.sort()).toEqual([0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n]);
    const previews = events.flatMap((event) => (event.$case === "preview" ? [event.value] : []));
    expect(previews).toHaveLength(8 * 3);
    expect(await sharp(previews[0]!.data).metadata()).toMatchObject({ width: 2, height: 2 });
    const progress = events.flatMap((event) => (event.$case === "progress" ? [event.value] : []));
    expect(progress.at(-1)).toMatchObject({ done: 8n, total: 8n, unit: "images" });
  });

  it("gives its request id to every server that works for it", async () => {
    const run = async (spec: SpecParts, id: string) => {
      for await (const _ of gateway.gateway.generate({ spec }, { metadata: Metadata({ "x-request-id": id }) }));
    };
    await run(guided("main", "guide"), "per-step");
    await run(guided("both", "both"), "whole-loop");
    expect([main, guide].map(({ peer }) => peer.requestIds.has("per-step"))).toEqual([true, true]);
    expect(both.peer.requestIds.has("whole-loop")).toBe(true);
  });

  it("counts the evaluations of the plan as the servers do", async () => {
    const counts = () => [main.peer.evaluationCount, guide.peer.evaluationCount];
    const before = counts();
    const [plan] = await gateway.generate(guided("main", "guide", { seeds: [{ first: 0n, last: 0n }] }));
    const used = counts().map((count, i) => count - before[i]!);
    expect(used[0]).toBe(11);
    expect(plan).toMatchObject({ value: { evaluationsPerImage: used[0]! + used[1]! } });
  });

  it("draws a label per image unless told, and tells it", async () => {
    const drawn = await gateway.images(guided("main", "guide"));
    const told = await gateway.images(
      guided("main", "guide", { labels: { kind: { $case: "indices", value: { values: [1] } } } }),
    );
    const classes = (infos: (ImageInfo | undefined)[]) =>
      infos.map((info) => (info?.labels?.kind?.$case === "indices" ? info.labels.kind.value.values[0] : undefined));
    expect(new Set(classes(drawn.map(({ info }) => info))).size).toBeGreaterThan(1);
    expect(classes(told.map(({ info }) => info))).toEqual(Array(8).fill(1));
  });

  it("gives latents as NPY, and says so to whoever asks for pixels", async () => {
    await using latent = await startPeer([{ name: "models/net", sampleShape: [4, 4, 4], encoding: "latent" }]);
    await using other = await startGateway({ a: latent.address });
    const spec = { seeds: [{ first: 0n, last: 0n }], sampling: { model: "servers/a/models/net" } };
    await expect(other.images(spec)).rejects.toMatchObject({
      reason: "NOT_SUPPORTED",
      message: expect.stringContaining("IMAGE_FORMAT_NPY"),
    });
    expect(await other.images({ ...spec, format: ImageFormat.IMAGE_FORMAT_NPY })).toHaveLength(1);
  });

  it("takes one class per seed, whatever the batch", async () => {
    const values = [0, 1, 2, 3, -1, 0, 1, 2];
    const labels = { kind: { $case: "indices" as const, value: { values } } };
    const images = await gateway.images(guided("both", "both", { labels, batchSize: 3 }));
    expect(images.map(({ info }) => info?.labels?.kind?.value)).toEqual(values.map((value) => ({ values: [value] })));
  });
});

/** A closed tab, a crashed script, an impatient Ctrl-C: what nobody waits for must not be computed. */
describe("a cancelled Generate", () => {
  const spec = (server: string) => ({
    seeds: [{ first: 0n, last: 0n }],
    sampling: { model: `servers/${server}/models/net`, schedule: { numSteps: 500 } },
  });

  it.each([Placement.PLACEMENT_PER_STEP, Placement.PLACEMENT_WHOLE_LOOP])(
    "stops the servers within one evaluation (placement %s)",
    async (placement) => {
      await using server = await startPeer([net]);
      await using other = await startGateway({ a: server.address });
      const abort = new AbortController();
      server.peer.onEvaluation = (count) => {
        if (count === 3) abort.abort();
        return new Promise((resolve) => setTimeout(resolve, 20));
      };
      await expect(other.generate({ ...spec("a"), placement }, abort.signal)).rejects.toMatchObject({
        name: "AbortError",
      });
      await until("the server is idle", () => server.peer.openSessions + server.peer.openSamples === 0);
      expect(server.peer.evaluationCount).toBeLessThanOrEqual(4);
      expect(other.registry.server("a")).toMatchObject({ inFlight: 0, assigned: 0 });
    },
  );

  it("stops at its deadline too", async () => {
    await using server = await startPeer([{ ...net, delayMs: 20 }]);
    await using other = await startGateway({ a: server.address });
    const run = async () => {
      for await (const _ of other.gateway.generate({ spec: spec("a") }, { deadline: 200 }));
    };
    await expect(run()).rejects.toMatchObject({ name: "TimeoutError" });
    await until("the server is idle", () => server.peer.openSessions + server.peer.openSamples === 0);
    expect(server.peer.evaluationCount).toBeLessThan(30);
  });

  it("leaves nothing behind, a thousand times", async () => {
    await using server = await startPeer([{ ...net, delayMs: 1 }]);
    await using other = await startGateway({ a: server.address });
    const cancelled = async () => {
      const abort = new AbortController();
      try {
        for await (const event of other.gateway.generate(
          { spec: { ...spec("a"), placement: Placement.PLACEMENT_PER_STEP } },
          { signal: abort.signal },
        ))
          if (event.event?.$case === "progress") abort.abort();
      } catch (error) {
        if ((error as Error).name !== "AbortError") throw error;
      }
    };
    const round = async (count: number) => {
      for (let i = 0; i < count; i += 20) await Promise.all(Array.from({ length: 20 }, cancelled));
      await until("the server is idle", () => server.peer.openSessions === 0);
      await until("the gateway is idle", () => other.registry.server("a").inFlight === 0);
      collect();
      return process.memoryUsage().heapUsed / 2 ** 20;
    };
    await round(200);
    const before = await round(200);
    const after = await round(600);
    expect(other.registry.server("a")).toMatchObject({ assigned: 0, inFlight: 0 });
    expect(after - before).toBeLessThan(5);
  }, 180_000);
});

describe("a lost server", () => {
  it("is named when nobody stands in for it, and the gateway goes on and finds it again", async () => {
    const first = await startPeer([gnet]);
    await using other = await startGateway(
      { main: main.address, guide: first.address },
      { deadlines: { probeIntervalMs: 100 } },
    );
    first.peer.onEvaluation = async (count) => {
      if (count === 3) void first.served.close();
      if (count >= 3) await new Promise(() => {});
    };
    await expect(other.images(guided("main", "guide"))).rejects.toMatchObject({
      reason: "SERVER_UNAVAILABLE",
      message: expect.stringContaining("guide"),
      details: { metadata: { server: "servers/guide" } },
    });
    await expect(other.images(guided("main", "guide"))).rejects.toMatchObject({ reason: "SERVER_UNAVAILABLE" });
    await using _second = await startPeer([gnet], { listen: first.address });
    await until("the server is back", () => other.registry.serving.length === 2);
    expect(await other.images(guided("main", "guide"))).toHaveLength(8);
  });

  it("is replaced for a whole loop by another server that has every model", async () => {
    const doomed = await startPeer([net, gnet]);
    await using other = await startGateway({ a: doomed.address, b: both.address });
    let closing: Promise<void> | undefined;
    doomed.peer.onEvaluation = async (count) => {
      if (count < 5) return;
      closing ??= doomed.served.close();
      await new Promise(() => {});
    };
    const images = await other.images(guided("a", "a"));
    await closing;
    expect(images.map(({ data }) => data)).toEqual(
      (await gateway.images(guided("both", "both"))).map(({ data }) => data),
    );
  });
});
