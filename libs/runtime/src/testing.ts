/** @file For tests of this and other packages: what every Evaluator must do, wherever it runs. */
import { afterEach, describe, expect, it } from "@jest/globals";
import { Graph, type OnnxModel, toOnnx } from "@tandem/graph";
import type { EvaluationRequest, Evaluator } from "./evaluator.js";
import type { ModelSource } from "./load-options.js";

/** An evaluator under test. */
export interface EvaluatorUnderTest {
  readonly evaluator: Evaluator;
  /** Takes its network out, as Runtime.unload does. */
  readonly unload: () => Promise<void>;
  /** Frees everything. */
  readonly close: () => Promise<void>;
}

/** Limits that the suite asks for. */
export interface SuiteLimits {
  readonly maxBatchSize: number;
  readonly queueLimit: number;
}

const CHANNELS = 3;
const PIXELS = 16;
const SAMPLE = CHANNELS * PIXELS;
const weights = Float32Array.from({ length: CHANNELS * CHANNELS }, (_, i) => Math.sin(i + 1));

/** y = silu(W x) / sigma: a 1x1 convolution between channels, x [N,3,4,4], sigma [N]. */
export const smallNetwork: ModelSource = async (): Promise<OnnxModel> => {
  const graph = new Graph();
  const x = graph.input("x", ["N", CHANNELS, 4, 4]);
  const sigma = graph.reshape(graph.input("sigma", ["N"]), ["N", 1, 1, 1]);
  const w = graph.constant(weights, [CHANNELS, CHANNELS, 1, 1]);
  graph.output("y", graph.div(graph.silu(graph.conv(x, w)), sigma));
  return toOnnx(graph);
};

/** Samples that differ from each other, for any seed. */
function request(count: number, seed = 1): EvaluationRequest & { inputs: { x: Float32Array; sigma: Float32Array } } {
  return {
    count,
    inputs: {
      x: Float32Array.from({ length: count * SAMPLE }, (_, i) => Math.cos(seed + 0.37 * i)),
      sigma: Float32Array.from({ length: count }, (_, i) => 0.5 + 0.25 * ((seed + i) % 7)),
    },
  };
}

function expected({ count, inputs: { x, sigma } }: ReturnType<typeof request>): Float32Array {
  return Float32Array.from({ length: count * SAMPLE }, (_, i) => {
    const sample = Math.floor(i / SAMPLE);
    const out = Math.floor((i % SAMPLE) / PIXELS);
    let sum = 0;
    for (let c = 0; c < CHANNELS; c++)
      sum += weights[out * CHANNELS + c]! * x[sample * SAMPLE + c * PIXELS + (i % PIXELS)]!;
    return sum / (1 + Math.exp(-sum)) / sigma[sample]!;
  });
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}

/**
 * What every evaluator does, on every device. Real session, real thread.
 * @param make loads `smallNetwork` with these limits
 */
export function evaluatorSuite(name: string, make: (limits: SuiteLimits) => Promise<EvaluatorUnderTest>): void {
  describe(`${name} as an evaluator`, () => {
    const open: EvaluatorUnderTest[] = [];
    const start = async (limits: Partial<SuiteLimits> = {}): Promise<EvaluatorUnderTest> => {
      const made = await make({ maxBatchSize: 4, queueLimit: 64, ...limits });
      open.push(made);
      return made;
    };
    afterEach(async () => {
      await Promise.all(open.splice(0).map(({ close }) => close()));
    });

    it("computes what the graph says", async () => {
      const { evaluator } = await start();
      const asked = request(3);
      const { outputs } = await evaluator.evaluate(asked);
      expect(largestDifference(outputs.y!, expected(asked))).toBeLessThan(1e-4);
    });

    it("gives a sample the same bytes alone and in a batch with others", async () => {
      const { evaluator } = await start();
      const asked = [request(1, 1), request(2, 5), request(1, 9)];
      const together = await Promise.all(asked.map((one) => evaluator.evaluate(one)));
      for (const [i, one] of asked.entries()) {
        const alone = await evaluator.evaluate(one);
        expect(together[i]!.outputs.y).toEqual(alone.outputs.y);
      }
    });

    it("hands out results that later batches do not overwrite", async () => {
      const { evaluator } = await start();
      const first = (await evaluator.evaluate(request(2, 1))).outputs.y!;
      const copy = first.slice();
      for (let seed = 2; seed < 6; seed++) await evaluator.evaluate(request(2, seed));
      expect(first).toEqual(copy);
    });

    it("rejects a cancelled request with the signal's reason; its neighbours get their results", async () => {
      const { evaluator } = await start({ maxBatchSize: 1 });
      const cancel = new AbortController();
      const asked = [request(1, 1), request(1, 2), request(1, 3)];
      const results = asked.map((one, i) =>
        evaluator.evaluate({ ...one, signal: i === 1 ? cancel.signal : undefined }),
      );
      cancel.abort(new Error("no longer wanted"));
      await expect(results[1]).rejects.toThrow("no longer wanted");
      for (const i of [0, 2]) {
        expect(largestDifference((await results[i]!).outputs.y!, expected(asked[i]!))).toBeLessThan(1e-4);
      }
    });

    it("serves a client with one request before another's many are done", async () => {
      const { evaluator } = await start({ maxBatchSize: 1 });
      const order: string[] = [];
      const ask = (client: string) => evaluator.evaluate({ ...request(1), client }).then(() => order.push(client));
      await Promise.all([...Array.from({ length: 8 }, () => ask("many")), ask("one")]);
      expect(order.indexOf("one")).toBeLessThan(3);
    });

    it("refuses what exceeds its queue, with a time to come back", async () => {
      const { evaluator } = await start({ maxBatchSize: 1, queueLimit: 2 });
      const results = Array.from({ length: 8 }, () => evaluator.evaluate(request(1)));
      const refused = (await Promise.allSettled(results)).filter(({ status }) => status === "rejected");
      expect(refused).toHaveLength(6);
      for (const { reason } of refused as PromiseRejectedResult[]) {
        expect(reason).toMatchObject({ reason: "QUEUE_FULL", details: { retryAfterMs: expect.any(Number) } });
      }
    });

    it("finishes its work when unloaded, and takes no more", async () => {
      const { evaluator, unload } = await start();
      const before = evaluator.evaluate(request(1));
      const unloading = unload();
      await expect(evaluator.evaluate(request(1))).rejects.toMatchObject({ reason: "MODEL_NOT_READY" });
      expect((await before).outputs.y).toHaveLength(SAMPLE);
      await unloading;
    });
  });
}
