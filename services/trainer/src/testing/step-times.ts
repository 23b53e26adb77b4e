/**
 * @file Measures training on this machine: `node step-times.js '{"steps":5,"batch":8,"network":{...}}'`, or `{"toy":true,"steps":60}`.
 * Prints one JSON object: milliseconds of each part, the machine's matrix products beside them, memory.
 */
import { availableParallelism } from "node:os";
import { ToyTraining } from "@tandem/contracts";
import { Graph, toOnnx } from "@tandem/graph";
import { countCost, edm2TrainingGraph, networkConfig, randomNetwork } from "@tandem/networks";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { Draws } from "../edm2/draws.js";
import { TrainingStep } from "../step/training-step.js";
import { resolveToy, toToyPlan } from "../toy/toy-plan.js";
import { ToyTrainee } from "../toy/toy-trainee.js";

interface Request {
  readonly steps: number;
  readonly batch?: number;
  readonly network?: Record<string, unknown>;
  readonly toy?: boolean;
}

const threads = availableParallelism();
const request = JSON.parse(process.argv[2] ?? "{}") as Request;
console.log(JSON.stringify(request.toy ? await toyTimes(request.steps) : await edm2Times(request)));
process.exit(0);

async function toyTimes(steps: number) {
  const trainee = await ToyTrainee.open(toToyPlan(resolveToy(ToyTraining.fromPartial({}))), threads);
  const iterationMs: number[] = [];
  for (let i = 0; i < steps; i++) iterationMs.push(await milliseconds(() => trainee.step(i)));
  return { iterationMs, peakBytes: process.resourceUsage().maxRSS * 1024 };
}

async function edm2Times({ steps, batch = 8, network }: Request) {
  const config = networkConfig({ kind: "edm2_unet", imgChannels: 3, imgResolution: 32, labelDim: 10, ...network });
  if (config.kind !== "edm2_unet") throw new Error(`a ${config.kind} is no U-Net`);
  await using step = await TrainingStep.open({
    build: (isExact) => edm2TrainingGraph(config, { batch, lossFactor: 1 / batch, isExact }),
    ...{ limit: config.clipAct ** 2, rounds: 1, emas: 2, threads, tensors: randomNetwork(config, 1).tensors },
  });
  const size = config.imgChannels * config.imgResolution ** 2;
  const draws = new Draws(0n);
  const labels = Float32Array.from({ length: batch * config.labelDim }, (_, i) => Number(i % config.labelDim === 0));
  const [drawMs, roundMs, updateMs, largest]: number[][] = [[], [], [], []];
  const multiply = await matrixProduct(2048);
  for (let i = 0; i < steps + 1; i++) {
    const [images, noise] = [new Float32Array(batch * size), new Float32Array(batch * size)];
    const sigma = new Float32Array(batch).fill(0.7);
    const draw = await milliseconds(async () => draws.normal("noise", i, noise));
    const round = await milliseconds(() => step.round({ images, noise, sigma, labels }, true));
    const update = await milliseconds(() => step.update(1e-3, [0.9, 0.99]));
    const product = await milliseconds(multiply);
    if (i === 0) continue; // onnxruntime lays out its memory in the first run
    drawMs!.push(draw);
    roundMs!.push(round);
    updateMs!.push(update);
    largest!.push((2 * 2048 ** 3) / product / 1e6);
  }
  const { multiplyAdds, parameters } = countCost(config);
  return {
    parameters,
    ...{ drawMs, roundMs, updateMs },
    /** Forward once, backward twice as much. */
    gigaflop: (3 * 2 * multiplyAdds * batch) / 1e9,
    /** Of the machine, by one large product. */
    gigaflops: Math.max(...largest!),
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
}

/** A product of two square matrices by onnxruntime. */
async function matrixProduct(side: number): Promise<() => Promise<unknown>> {
  const g = new Graph();
  const [a, b] = [g.input("a", [side, side]), g.input("b", [side, side])];
  g.output("c", g.matmul(a, b));
  const options = { intraOpNumThreads: threads, interOpNumThreads: 1 };
  const session = await InferenceSession.create((await toOnnx(g)).protobuf, options);
  const matrix = () => new Tensor("float32", new Float32Array(side * side).fill(0.5), [side, side]);
  const feeds = { a: matrix(), b: matrix() };
  return () => session.run(feeds);
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
