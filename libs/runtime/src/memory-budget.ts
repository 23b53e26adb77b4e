/** @file Memory for networks: a budget, and who gives way when it is full. */
import { DomainError } from "@tandem/errors";

/** A network that may be evicted. */
export interface Resident {
  readonly name: string;
  /** Last use, milliseconds on any one clock. */
  readonly lastUsed: number;
  /** Whether it can be evicted now: in memory, and nothing waits or computes. */
  readonly isIdle: boolean;
  /** Gives its memory back; calls `free` of the budget. */
  evict(): Promise<void>;
}

/** Makes room by evicting idle networks, the one unused for longest first. */
export class MemoryBudget {
  readonly #limitBytes: number;
  readonly #residents: () => Iterable<Resident>;
  readonly #held = new Map<string, number>();

  /** @param limitBytes Infinity for none */
  constructor(limitBytes: number, residents: () => Iterable<Resident>) {
    this.#limitBytes = limitBytes;
    this.#residents = residents;
  }

  get usedBytes(): number {
    return [...this.#held.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /**
   * Evicts until `bytes` fit, and holds them for the network of this name.
   * @throws DomainError OUT_OF_MEMORY when they never can, or not while the others work; nothing is evicted then
   */
  async hold(name: string, bytes: number): Promise<void> {
    const idle = [...this.#residents()].filter((r) => r.isIdle).sort((a, b) => a.lastUsed - b.lastUsed);
    const idleBytes = idle.reduce((sum, resident) => sum + (this.#held.get(resident.name) ?? 0), 0);
    if (this.usedBytes + bytes - idleBytes > this.#limitBytes) throw this.#refusal(name, bytes);
    for (const resident of idle) {
      if (this.usedBytes + bytes <= this.#limitBytes) break;
      await resident.evict();
    }
    this.#held.set(name, bytes);
  }

  /** Gives back what the network of this name holds. */
  free(name: string): void {
    this.#held.delete(name);
  }

  #refusal(name: string, bytes: number): DomainError {
    const busy = [...this.#residents()].filter((r) => !r.isIdle && this.#held.has(r.name)).map((r) => r.name);
    const mayFitLater = bytes <= this.#limitBytes && busy.length > 0;
    const why = mayFitLater ? `, and ${busy.join(", ")} cannot be evicted while in use` : "";
    return new DomainError(
      "OUT_OF_MEMORY",
      `${name} needs ${bytes} bytes; all networks have ${this.#limitBytes}${why}`,
      {
        resource: `models/${name}`,
        metadata: { device: "host", max: this.#limitBytes, actual: bytes },
        ...(mayFitLater && { retryAfterMs: 1000 }),
      },
    );
  }
}
