/** @file What the figure of the toy shows: densities on grids, samples and their ways (numerics, section 9). */
import { type Denoiser, drawBatch, guided, localDenoiser, noiseLevels, sample } from "@tandem/diffusion";
import { toFloat32 } from "@tandem/formats";
import { buildDenoiser, gaussianMixture, type Network } from "@tandem/networks";
import { type Evaluator, Runtime } from "@tandem/runtime";

/** A log density, or a difference of two, on a square grid, rows from the lowest y. */
export interface Field {
  readonly values: Float32Array;
  readonly size: number;
  readonly view: { readonly x: readonly [number, number]; readonly y: readonly [number, number] };
}

/** Everything that is drawn. */
export interface ToyFigure {
  readonly guidance: number;
  readonly truth: Field;
  readonly zoomedTruth: Field;
  /** [N, 2] */
  readonly samples: Float32Array;
  readonly guided: Float32Array;
  /** [steps + 1, 2] of some samples. */
  readonly paths: readonly Float32Array[];
  readonly guidedPaths: readonly Float32Array[];
  readonly net: Field;
  readonly gnet: Field;
  /** log(net / gnet). */
  readonly ratio: Field;
  readonly zoom: Field["view"];
}

/** What to measure. */
export interface ToyOptions {
  readonly net: Network;
  readonly gnet: Network;
  readonly classes: "A" | "B" | "AB";
  readonly guidance: number;
  readonly samples: number;
  readonly seed: number;
  readonly threads?: number | undefined;
  readonly signal: AbortSignal;
}

const GRID = 200;
/** Points of a density evaluated together. */
const BATCH = 4096;
/** Sampling of the paper. */
const SCHEDULE = { steps: 32, sigmaMax: 5, sigmaMin: 0.002, rho: 7 };
/** Noise level of the densities of the truth and of the networks: the networks' are not defined at 0. */
const [TRUTH_SIGMA, DENSITY_SIGMA] = [0.01, 0.03];
const PATHS = 96;
/** Of the mixture's extent around it; and the part of it that trajectories are shown in, where branches end. */
const MARGIN = 0.12;
const ZOOM = { x: [0.55, 1], y: [0.3, 0.75] } as const;

/** Evaluates the networks and samples of them. @throws the signal's reason; DomainError of networks that are broken */
export async function measureToy(options: ToyOptions): Promise<ToyFigure> {
  const { net, gnet, classes, guidance, samples: count, seed, threads, signal } = options;
  const runtime = new Runtime({ ...(threads !== undefined && { threads }) });
  try {
    const truth = await gaussianMixture({ classes, seed: 2, numComponents: 1016 * classes.length });
    const maxBatchSize = Math.max(BATCH, count);
    const load = async (name: string, network: Network) => {
      const model = await buildDenoiser(network);
      return runtime.load(name, async () => model, { provider: "cpu", maxBatchSize });
    };
    const [trueDensity, first, second] = [await load("truth", truth), await load("net", net), await load("gnet", gnet)];
    const fieldOf = (evaluator: Evaluator, sigma: number, view: Field["view"]) =>
      logDensity(evaluator, sigma, view, signal);
    const view = viewOf(toFloat32(truth.tensors.get("mu")!));
    const zoom = partOf(view);
    const info = (name: string) => ({ name, sampleShape: [2], labelDim: 0, maxBatchSize, weightsDigests: {} });
    const main = localDenoiser(info("net"), first);
    const both = guided(main, [{ denoiser: localDenoiser(info("gnet"), second), weight: guidance }]);
    const start = drawPoints(truth, count, seed);
    const plain = await walk(main, start, signal);
    const pushed = await walk(both, start, signal);
    const [ofNet, ofGnet] = [
      normalized(await fieldOf(first, DENSITY_SIGMA, view)),
      normalized(await fieldOf(second, DENSITY_SIGMA, view)),
    ];
    return {
      guidance,
      truth: await fieldOf(trueDensity, TRUTH_SIGMA, view),
      zoomedTruth: await fieldOf(trueDensity, TRUTH_SIGMA, zoom),
      samples: plain.end,
      guided: pushed.end,
      paths: inView(plain.paths, zoom),
      guidedPaths: inView(pushed.paths, zoom),
      net: ofNet,
      gnet: ofGnet,
      ratio: { ...ofNet, values: ofNet.values.map((value, i) => value - ofGnet.values[i]!) },
      zoom,
    };
  } finally {
    await runtime.close();
  }
}

/** Log densities over a part of the plane. */
async function logDensity(
  evaluator: Evaluator,
  sigma: number,
  view: Field["view"],
  signal: AbortSignal,
): Promise<Field> {
  const values = new Float32Array(GRID * GRID);
  const rows = Math.floor(BATCH / GRID);
  for (let first = 0; first < GRID; first += rows) {
    signal.throwIfAborted();
    const count = Math.min(rows, GRID - first) * GRID;
    const x = new Float32Array(2 * count);
    for (let i = 0; i < count; i++) {
      x[2 * i] = along(view.x, ((i % GRID) + 0.5) / GRID);
      x[2 * i + 1] = along(view.y, (first + Math.floor(i / GRID) + 0.5) / GRID);
    }
    const { outputs } = await evaluator.evaluate({ count, inputs: { x, sigma: new Float32Array(count).fill(sigma) } });
    values.set(outputs.log_density!, first * GRID);
  }
  return { values, size: GRID, view };
}

/** The density that sums to 1 over its view: a network learns its density up to a factor. */
function normalized(field: Field): Field {
  const top = field.values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const cell = ((field.view.x[1] - field.view.x[0]) / field.size) ** 2;
  const total = field.values.reduce((sum, value) => sum + Math.exp(value - top) * cell, 0);
  return { ...field, values: field.values.map((value) => value - top - Math.log(total)) };
}

/** Samples from the given start, and the ways of all of them. */
async function walk(denoiser: Denoiser, start: Float32Array, signal: AbortSignal) {
  const count = start.length / 2;
  const states = [start];
  const { samples } = await sample({
    denoiser,
    levels: noiseLevels(SCHEDULE),
    solver: "heun",
    start: { shape: [count, 2], data: start },
    signal,
    onStep: ({ state }) => {
      states.push(Float32Array.from(state.data));
    },
  });
  const paths = Array.from({ length: count }, (_, i) =>
    Float32Array.from(states.flatMap((state) => [state[2 * i]!, state[2 * i + 1]!])),
  );
  return { end: Float32Array.from(samples.data), paths };
}

/** The first ways that end in view. */
function inView(paths: readonly Float32Array[], { x, y }: Field["view"]): Float32Array[] {
  const ends = (path: Float32Array) => [path.at(-2)!, path.at(-1)!] as const;
  const isInside = ([a, b]: readonly [number, number]) => a >= x[0] && a <= x[1] && b >= y[0] && b <= y[1];
  return paths.filter((path) => isInside(ends(path))).slice(0, PATHS);
}

/** Points of the mixture smoothed by the highest noise level: components in turn by their weights, noise from the seeds. */
function drawPoints(truth: Network, count: number, seed: number): Float32Array {
  const [phi, mu, covariance] = ["phi", "mu", "Sigma"].map((name) => toFloat32(truth.tensors.get(name)!)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const seeds = Array.from({ length: count }, (_, i) => seed + i);
  const { noise } = drawBatch({ generator: "torch-cpu", seeds, sampleShape: [2], labelDim: 0 });
  const points = new Float32Array(2 * count);
  let [component, reached] = [0, phi[0]!];
  for (let i = 0; i < count; i++) {
    while ((i + 0.5) / count > reached && component < phi.length - 1) reached += phi[++component]!;
    const [a, b, , c] = covariance.subarray(4 * component, 4 * component + 4) as unknown as [
      number,
      number,
      number,
      number,
    ];
    const variance = SCHEDULE.sigmaMax ** 2;
    const first = Math.sqrt(a + variance);
    const across = b / first;
    const [n, m] = [noise!.data[2 * i]!, noise!.data[2 * i + 1]!];
    points[2 * i] = mu[2 * component]! + first * n;
    points[2 * i + 1] = mu[2 * component + 1]! + across * n + Math.sqrt(c + variance - across ** 2) * m;
  }
  return points;
}

/** The square around a mixture. */
function viewOf(mu: Float32Array): Field["view"] {
  const axis = (offset: number) => {
    const values = Array.from({ length: mu.length / 2 }, (_, k) => mu[2 * k + offset]!);
    return [Math.min(...values), Math.max(...values)] as const;
  };
  const [x, y] = [axis(0), axis(1)];
  const half = (Math.max(x[1] - x[0], y[1] - y[0]) / 2) * (1 + 2 * MARGIN);
  const around = ([low, high]: readonly [number, number]) =>
    [(low + high) / 2 - half, (low + high) / 2 + half] as const;
  return { x: around(x), y: around(y) };
}

const partOf = ({ x, y }: Field["view"]): Field["view"] => ({
  x: [along(x, ZOOM.x[0]), along(x, ZOOM.x[1])],
  y: [along(y, ZOOM.y[0]), along(y, ZOOM.y[1])],
});

const along = ([low, high]: readonly [number, number], share: number): number => low + (high - low) * share;
