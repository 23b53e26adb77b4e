/**
 * @file Random numbers of a run as functions of (seed, stream, image): Philox4x32-10 with the seed as key and the image's place
 * in the run as counter. So there is no state to store but the count of images done, a resumed run draws what it would have
 * drawn, and how a batch is split, or how large it is, changes nothing.
 */
import { philox4x32 } from "@tandem/diffusion";

/** What the numbers are for; each has a stream of its own. */
export const streams = {
  /** One normal: ln(sigma) = pMean + pStd n. */
  sigma: 0,
  /** Noise added to the sample, one normal an element. */
  noise: 1,
  /** Draw from the autoencoder's posterior, one normal a latent element. */
  posterior: 2,
  /** One uniform: which component a point of the toy is drawn from. */
  component: 3,
} as const;

/** Dropout of a network's blocks: a stream each, from this one on. */
const DROPOUT = 16;

export type Stream = keyof typeof streams;

const UNIT = 2 ** -32;
const TWO_PI = 2 * Math.PI;

/** The random numbers of one run. */
export class Draws {
  readonly #words = new Uint32Array(4);
  readonly #keyLow: number;
  readonly #keyHigh: number;

  /** @param seed of the run, 64 bits */
  constructor(seed: bigint) {
    this.#keyLow = Number(BigInt.asUintN(32, seed));
    this.#keyHigh = Number(BigInt.asUintN(32, seed >> 32n));
  }

  /** A number of [0, 1). */
  uniform(stream: Stream, image: number): number {
    const words = this.#words;
    words[0] = 0;
    words[1] = streams[stream];
    words[2] = image;
    words[3] = Math.floor(image * UNIT);
    philox4x32(words, this.#keyLow, this.#keyHigh);
    return words[0]! * UNIT;
  }

  /**
   * Fills `target` with a dropout mask: 0 with probability `dropout`, else 1 / (1 - dropout).
   * @param block which of the network's masks
   */
  mask(block: number, image: number, dropout: number, target: Float32Array): void {
    const words = this.#words;
    const kept = 1 / (1 - dropout);
    for (let i = 0; i < target.length; i += 4) {
      words[0] = i >>> 2;
      words[1] = DROPOUT + block;
      words[2] = image;
      words[3] = Math.floor(image * UNIT);
      philox4x32(words, this.#keyLow, this.#keyHigh);
      for (let k = 0; k < 4 && i + k < target.length; k++) target[i + k] = words[k]! * UNIT < dropout ? 0 : kept;
    }
  }

  /**
   * Fills `target` with N(0, 1).
   * @param image place of the image in the run, from 0
   */
  normal(stream: Stream, image: number, target: Float32Array): void {
    const words = this.#words;
    const imageHigh = Math.floor(image * UNIT);
    for (let i = 0; i < target.length; i += 4) {
      words[0] = i >>> 2;
      words[1] = streams[stream];
      words[2] = image;
      words[3] = imageHigh;
      philox4x32(words, this.#keyLow, this.#keyHigh);
      for (let pair = 0; pair < 4 && i + pair < target.length; pair += 2) {
        const radius = Math.sqrt(-2 * Math.log((words[pair]! + 0.5) * UNIT));
        const angle = (words[pair + 1]! + 0.5) * UNIT * TWO_PI;
        target[i + pair] = radius * Math.cos(angle);
        if (i + pair + 1 < target.length) target[i + pair + 1] = radius * Math.sin(angle);
      }
    }
  }
}
