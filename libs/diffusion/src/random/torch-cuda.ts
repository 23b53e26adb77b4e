/**
 * @file PyTorch's CUDA generator (`torch.Generator("cuda")`), on any machine.
 *
 * Assumptions, all true of one image's noise on any data-centre or desktop GPU of the last ten years:
 * - a draw has no more elements than the device has resident threads (at least 2^15), so that element i is the first value of
 *   thread i; beyond that PyTorch's result depends on the GPU model, and ours stays one thread per element;
 * - each call advances the counter by one block of four words per thread, whatever part of it is used;
 * - Box-Muller is computed in float64 and rounded once. A device computes it in float32 with fast approximations of logarithm
 *   and sine, so a real GPU's values may differ in the last digits; ours are the same bytes on every machine.
 */
import type { Generator } from "./generator.js";
import { philox4x32 } from "./philox.js";

const UNIT = 2 ** -32;

/** `torch.randn` in float32 and `torch.randint`, from Philox4x32-10 as CUDA's curand uses it. */
export class TorchCudaGenerator implements Generator {
  private readonly words = new Uint32Array(4);
  private calls = 0;

  /** @param seed unsigned 32 bits: the key, its upper word 0 */
  constructor(private readonly seed: number) {}

  normal(count: number): Float32Array<ArrayBuffer> {
    const values = new Float32Array(count);
    this.fillNormal(values);
    return values;
  }

  fillNormal(target: Float32Array): void {
    if (target.length === 0) return; // an empty tensor launches nothing, so the counter stays
    const { words } = this;
    for (let element = 0; element < target.length; element++) {
      this.draw(element);
      // curand's Box-Muller; the first of its pair is the sine.
      const u = (words[0]! + 0.5) * UNIT;
      const angle = (words[1]! + 0.5) * UNIT * (2 * Math.PI);
      target[element] = Math.sqrt(-2 * Math.log(u)) * Math.sin(angle);
    }
    this.calls++;
  }

  integer(range: number): number {
    this.draw(0);
    this.calls++;
    return this.words[0]! % range;
  }

  /** Words of one thread: counter (call, 0, thread, 0). */
  private draw(thread: number): void {
    const { words } = this;
    words[0] = this.calls;
    words[1] = 0;
    words[2] = thread;
    words[3] = 0;
    philox4x32(words, this.seed, 0);
  }
}
