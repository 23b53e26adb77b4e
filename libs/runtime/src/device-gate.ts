/** @file One computation at a time on a device, the networks that share it taking turns. */

/** A turn: computes, then calls `release` exactly once. */
export type Turn = (release: () => void) => void;

/**
 * Turns in the order they were asked for. A network that asks again after each of its batches queues behind the others, so
 * networks alternate. Two sessions at once on the same cores are slower than one after the other.
 */
export class DeviceGate {
  readonly #turns: Turn[] = [];
  #isBusy = false;

  /** Starts the turn now if the device is free, else when those before it have released it. */
  request(turn: Turn): void {
    this.#turns.push(turn);
    if (!this.#isBusy) this.#next();
  }

  #next(): void {
    const turn = this.#turns.shift();
    this.#isBusy = turn !== undefined;
    turn?.(() => this.#next());
  }
}
