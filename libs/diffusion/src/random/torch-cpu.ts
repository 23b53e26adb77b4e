/** @file PyTorch's CPU generator (`torch.Generator("cpu")`), bit for bit. */
import { BLOCK, boxMullerBlock } from "./box-muller.js";
import type { Generator } from "./generator.js";
import { MersenneTwister } from "./mersenne-twister.js";

/** `torch.randn` in float32 and `torch.randint`, from MT19937. */
export class TorchCpuGenerator implements Generator {
  private readonly bits: MersenneTwister;
  /** Second value of the last scalar pair; outlives draws of other kinds, as PyTorch's does. */
  private cached: number | undefined;

  /** @param seed unsigned 32 bits */
  constructor(seed: number) {
    this.bits = new MersenneTwister(seed);
  }

  normal(count: number): Float32Array<ArrayBuffer> {
    const values = new Float32Array(count);
    this.fillNormal(values);
    return values;
  }

  fillNormal(target: Float32Array): void {
    if (target.length < BLOCK) {
      for (let i = 0; i < target.length; i++) target[i] = this.scalarNormal();
      return;
    }
    const { length } = target;
    const tail = length % BLOCK;
    this.fillUniform(target, 0);
    for (let start = 0; start + BLOCK <= length; start += BLOCK) boxMullerBlock(target, start);
    if (tail === 0) return;
    // The last 16 are drawn anew, over normals that were finished already.
    this.fillUniform(target, length - BLOCK);
    boxMullerBlock(target, length - BLOCK);
  }

  integer(range: number): number {
    return (this.bits.next() >>> 0) % range;
  }

  private fillUniform(target: Float32Array, start: number): void {
    const { bits } = this;
    for (let i = start; i < target.length; i++) target[i] = (bits.next() & 0xffffff) * 2 ** -24;
  }

  /** Fewer than 16 values: float64 Box-Muller, two values a pair of 53-bit uniforms, rounded to float32 at the end. */
  private scalarNormal(): number {
    if (this.cached !== undefined) {
      const value = this.cached;
      this.cached = undefined;
      return value;
    }
    const angle = 2 * Math.PI * this.uniform53();
    const radius = Math.sqrt(-2 * Math.log1p(-this.uniform53()));
    this.cached = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  private uniform53(): number {
    const high = this.bits.next() & 0x1fffff;
    return (high * 2 ** 32 + (this.bits.next() >>> 0)) * 2 ** -53;
  }
}
