/** @file Points of the toy's true distribution, smoothed by noise, and the true score at them (numerics, section 9). */
import { type TensorData, toFloat32 } from "@tandem/formats";
import type { Draws } from "../edm2/draws.js";
import { mixture } from "../generated/mixture.wasm.js";

/** Points and what is true of them. */
export interface MixtureBatch {
  /** [N, 2] */
  readonly x: Float32Array;
  /** [N] */
  readonly sigma: Float32Array;
  /** [N, 2] */
  readonly score: Float32Array;
}

/** How noise levels are drawn: ln(sigma) = pMean + pStd n. */
export interface NoiseDistribution {
  readonly pMean: number;
  readonly pStd: number;
}

type Scores = (...values: number[]) => void;

const PAGE = 2 ** 16;
const module = new WebAssembly.Module(Buffer.from(mixture, "base64"));

/** A mixture of Gaussians in the plane. */
export class Mixture {
  readonly #count: number;
  readonly #tables: readonly Float32Array[];
  /** Sums of the weights up to each component. */
  readonly #cumulative: Float64Array;
  readonly #memory: WebAssembly.Memory;
  readonly #scores: Scores;
  readonly #at: {
    readonly x: number;
    readonly sigma: number;
    readonly tables: readonly number[];
    readonly scratch: number;
    readonly score: number;
  };

  /**
   * @param tensors phi [K] weights, mu [K,2], Sigma [K,2,2] symmetric
   * @param batch   points at once
   */
  constructor(
    tensors: ReadonlyMap<string, TensorData>,
    private readonly batch: number,
  ) {
    const [phi, mu, sigma] = ["phi", "mu", "Sigma"].map((name) => toFloat32(tensors.get(name)!)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    this.#count = phi.length;
    const padded = Math.ceil(phi.length / 4) * 4;
    let end = 16;
    const take = (count: number) => {
      const at = end;
      end += Math.ceil(count / 4) * 16;
      return at;
    };
    this.#at = {
      x: take(2 * batch),
      sigma: take(batch),
      tables: Array.from({ length: 6 }, () => take(padded)),
      scratch: take(padded),
      score: take(2 * batch),
    };
    this.#memory = new WebAssembly.Memory({ initial: Math.ceil(end / PAGE) });
    const abort = () => {
      throw new Error("the mixture's kernel failed");
    };
    const { exports } = new WebAssembly.Instance(module, { env: { memory: this.#memory, abort } });
    this.#scores = exports.scores as Scores;
    const part = (values: Float32Array, step: number, offset: number) =>
      Float32Array.from({ length: phi.length }, (_, k) => values[k * step + offset]!);
    const columns = [part(mu, 2, 0), part(mu, 2, 1), part(sigma, 4, 0), part(sigma, 4, 1), part(sigma, 4, 3), phi];
    this.#tables = this.#at.tables.map((at) => new Float32Array(this.#memory.buffer, at, padded));
    for (const [i, table] of this.#tables.entries()) {
      table.fill(i === 2 || i === 4 ? 1 : 0); // what fills up is a component of weight 0
      table.set(columns[i]!);
    }
    let sum = 0;
    this.#cumulative = Float64Array.from(phi, (weight) => {
      sum += weight;
      return sum;
    });
  }

  /** The batch of an iteration: a function of the draws' seed and of its number. Valid until the next one. */
  draw(iteration: number, draws: Draws, { pMean, pStd }: NoiseDistribution): MixtureBatch {
    const [muX, muY, a, b, c] = this.#tables as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];
    const { x, sigma } = this.#views();
    const normals = new Float32Array(2);
    for (let i = 0; i < this.batch; i++) {
      const image = iteration * this.batch + i;
      draws.normal("sigma", image, normals.subarray(0, 1));
      sigma[i] = Math.exp(pMean + pStd * normals[0]!);
      const k = this.#component(draws.uniform("component", image));
      // Cholesky of the component's covariance with the noise in it.
      const variance = sigma[i]! ** 2;
      const first = Math.sqrt(a[k]! + variance);
      const across = b[k]! / first;
      const second = Math.sqrt(c[k]! + variance - across ** 2);
      draws.normal("noise", image, normals);
      x[2 * i] = muX[k]! + first * normals[0]!;
      x[2 * i + 1] = muY[k]! + across * normals[0]! + second * normals[1]!;
    }
    return { x, sigma, score: this.#compute() };
  }

  /** The true score [N, 2] at points [N, 2]. Valid until the next call. */
  scoreAt(points: Float32Array, sigmas: Float32Array): Float32Array {
    const { x, sigma } = this.#views();
    x.set(points);
    sigma.set(sigmas);
    return this.#compute();
  }

  #compute(): Float32Array {
    const { x, sigma, tables, scratch, score } = this.#at;
    this.#scores(this.batch, this.#tables[0]!.length, x, sigma, ...tables, scratch, score);
    return new Float32Array(this.#memory.buffer, score, 2 * this.batch);
  }

  #views() {
    const { buffer } = this.#memory;
    return {
      x: new Float32Array(buffer, this.#at.x, 2 * this.batch),
      sigma: new Float32Array(buffer, this.#at.sigma, this.batch),
    };
  }

  #component(uniform: number): number {
    const wanted = uniform * this.#cumulative[this.#count - 1]!;
    let [low, high] = [0, this.#count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#cumulative[middle]! > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
