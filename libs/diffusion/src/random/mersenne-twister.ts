/** @file MT19937: the 32-bit Mersenne Twister. */

const WORDS = 624;
const SHIFT = 397;

/**
 * Uniform 32-bit integers.
 * @see Matsumoto and Nishimura 1998, "Mersenne Twister"; seeding as in their 2002 revision
 */
export class MersenneTwister {
  private readonly state = new Uint32Array(WORDS);
  private position = WORDS;

  /** @param seed unsigned 32 bits */
  constructor(seed: number) {
    const { state } = this;
    state[0] = seed;
    for (let i = 1; i < WORDS; i++) {
      const previous = state[i - 1]!;
      state[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
    }
  }

  /** The next draw as a signed 32-bit integer (`>>> 0` makes it unsigned). */
  next(): number {
    if (this.position === WORDS) this.twist();
    let y = this.state[this.position++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return y ^ (y >>> 18);
  }

  private twist(): void {
    const { state } = this;
    let i = 0;
    for (; i < WORDS - SHIFT; i++) state[i] = mix(state[i]!, state[i + 1]!, state[i + SHIFT]!);
    for (; i < WORDS - 1; i++) state[i] = mix(state[i]!, state[i + 1]!, state[i + SHIFT - WORDS]!);
    state[i] = mix(state[i]!, state[0]!, state[SHIFT - 1]!);
    this.position = 0;
  }
}

function mix(high: number, low: number, far: number): number {
  return far ^ (((high & 0x80000000) | (low & 0x7fffffff)) >>> 1) ^ (-(low & 1) & 0x9908b0df);
}
