/**
 * @file The tensors that training changes, and how they lie in memory meanwhile: as the matrices that the products of the training
 * graph take. In a state dict a weight is [O, C, h, w]; in training it is [taps O, C], taps outermost, so that its gradient
 * comes out of one product in the same layout.
 */

/** One tensor. */
export interface TrainedTensor {
  /** State-dict name, which is also the name of its graph input; its gradient is the output `gradient/<name>`. */
  readonly name: string;
  /** In a state dict. */
  readonly shape: readonly number[];
  /** Weights are normalized by row after every step; gains are scalars and are not. */
  readonly role: "weight" | "gain";
  /** Taps of the kernel: 1 or 9. A weight of 9 has a second input `<name>/rows`, [O, 9 C]. */
  readonly taps: number;
  /** O: outputs, each one normalized row of taps C elements. */
  readonly outputs: number;
  /** C. */
  readonly channels: number;
  /** Row of the state dict that each row is; absent: the same. */
  readonly order?: readonly number[];
}

/** Elements of a tensor. */
export const trainedSize = ({ taps, outputs, channels }: TrainedTensor): number => taps * outputs * channels;

/** Writes a tensor of a state dict [O, C, taps] in training layout [taps, O, C] into `target`. */
export function toTraining(tensor: TrainedTensor, state: Float32Array, target: Float32Array): void {
  forEachElement(tensor, (training, stored) => {
    target[training] = state[stored]!;
  });
}

/** The tensor of a state dict, from training layout. */
export function toState(tensor: TrainedTensor, training: Float32Array): Float32Array {
  const state = new Float32Array(trainedSize(tensor));
  forEachElement(tensor, (at, stored) => {
    state[stored] = training[at]!;
  });
  return state;
}

function forEachElement(tensor: TrainedTensor, visit: (training: number, stored: number) => void): void {
  const { taps, outputs, channels, order } = tensor;
  for (let output = 0; output < outputs; output++) {
    const row = (order?.[output] ?? output) * channels;
    for (let tap = 0; tap < taps; tap++) {
      const training = (tap * outputs + output) * channels;
      for (let channel = 0; channel < channels; channel++) visit(training + channel, (row + channel) * taps + tap);
    }
  }
}

/**
 * Rows of the attention's weight: in a state dict [head, channel of the head, query|key|value], in training query|key|value
 * outermost, so that each is one block of the product.
 */
export function attentionOrder(heads: number, headChannels: number): number[] {
  const rows: number[] = [];
  for (let part = 0; part < 3; part++)
    for (let head = 0; head < heads; head++)
      for (let channel = 0; channel < headChannels; channel++) rows.push((head * headChannels + channel) * 3 + part);
  return rows;
}
