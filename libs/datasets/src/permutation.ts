/** @file The order of an epoch: a permutation that follows from seed and epoch alone, so that a resumed run goes on exactly. */
import { philox4x32 } from "@tandem/diffusion";

/** Word that keeps these numbers apart from all others of the same seed. */
const STREAM = 0x6f726465;

/**
 * The permutation of 0 to count - 1 (Fisher and Yates; Philox4x32-10 with the seed as key and (epoch, place) as counter).
 * @param count below 2^32
 */
export function permutation(count: number, seed: bigint, epoch: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const words = new Uint32Array(4);
  const [low, high] = [Number(BigInt.asUintN(32, seed)), Number(BigInt.asUintN(32, seed >> 32n))];
  for (let i = count - 1; i > 0; i--) {
    words.set([i, STREAM, epoch, 0]);
    philox4x32(words, low, high);
    // 53 bits over i + 1 places: what a place is favoured by is below 2^-21.
    const place = Math.floor(((words[0]! * 2 ** 21 + (words[1]! >>> 11)) / 2 ** 53) * (i + 1));
    const taken = order[i]!;
    order[i] = order[place]!;
    order[place] = taken;
  }
  return order;
}
