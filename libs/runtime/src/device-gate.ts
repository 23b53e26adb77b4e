/** @file A device computes for one network at a time, the networks that share it taking turns. */

/** A turn: computes, then calls `release` exactly once. */
export type Turn = (release: () => void) => void;

/**
 * Turns in the order they were asked for. A network that asks again after each of its batches queues behind the others, so
 * none starves. On a CPU too: one evaluation takes all its cores, and two at once would take each other's.
 */
export class DeviceGate {
  readonly #turns: Turn[] = [];
  #isTaken = false;

  /** Starts the turn now if the device is free, else when those before it have released it. */
  request(turn: Turn): void {
    this.#turns.push(turn);
    this.#start();
  }

  #start(): void {
    // A loop: turns of cancelled work end at once.
    while (!this.#isTaken) {
      const turn = this.#turns.shift();
      if (!turn) return;
      this.#isTaken = true;
      turn(() => {
        this.#isTaken = false;
        this.#start();
      });
    }
  }
}
