/** @file How many computations a device does at a time, the networks that share it taking turns. */

/** A turn: computes, then calls `release` exactly once. */
export type Turn = (release: () => void) => void;

/**
 * Turns in the order they were asked for. A network that asks again after each of its batches queues behind the others, so
 * none starves.
 */
export class DeviceGate {
  readonly #width: number;
  readonly #turns: Turn[] = [];
  #taken = 0;

  /** @param width turns at a time */
  constructor(width = 1) {
    this.#width = width;
  }

  /** Starts the turn now if the device is free, else when those before it have released it. */
  request(turn: Turn): void {
    this.#turns.push(turn);
    this.#start();
  }

  #start(): void {
    while (this.#taken < this.#width) {
      const turn = this.#turns.shift();
      if (!turn) return;
      this.#taken++;
      turn(() => {
        this.#taken--;
        this.#start();
      });
    }
  }
}
