/** @file Who is next: work of several clients, none of whom can starve another. What the work is, is not known here. */

/** Something that waits: for whom, and how many samples of a batch it takes. */
export interface Waiting {
  readonly client: string;
  readonly count: number;
}

interface Line<T> {
  readonly client: string;
  readonly items: T[];
  /** Samples served, on the queue's clock; the smallest goes first. */
  served: number;
}

/**
 * First come, first served within a client; between clients, whoever was given the fewest samples since it began to wait.
 * A client that comes back starts at the others' level, so that idling earns no credit and costs none.
 */
export class FairQueue<T extends Waiting> {
  readonly #lines = new Map<string, Line<T>>();
  #clock = 0;
  #requests = 0;
  #samples = 0;

  /** Items that wait. */
  get requests(): number {
    return this.#requests;
  }

  /** Samples that wait. */
  get samples(): number {
    return this.#samples;
  }

  push(item: T): void {
    let line = this.#lines.get(item.client);
    if (!line) {
      line = { client: item.client, items: [], served: this.#clock };
      this.#lines.set(item.client, line);
    }
    line.items.push(item);
    this.#requests++;
    this.#samples += item.count;
  }

  /** Drops an item. @returns whether it was still waiting */
  remove(item: T): boolean {
    const line = this.#lines.get(item.client);
    const index = line?.items.indexOf(item) ?? -1;
    if (!line || index < 0) return false;
    this.#drop(line, index);
    return true;
  }

  /**
   * Takes the next batch: whole items, at most `capacity` samples. An item that does not fit keeps its client in front, so
   * it is first in the batch after.
   */
  take(capacity: number): T[] {
    const taken: T[] = [];
    const open = new Set(this.#lines.values());
    for (let free = capacity; free > 0 && open.size > 0; ) {
      const line = leastServed(open);
      const item = line.items[0]!;
      if (item.count > free) {
        open.delete(line);
        continue;
      }
      this.#clock = Math.max(this.#clock, line.served);
      line.served += item.count;
      free -= item.count;
      taken.push(item);
      this.#drop(line, 0);
      if (line.items.length === 0) open.delete(line);
    }
    return taken;
  }

  /** Takes everything. */
  drain(): T[] {
    const all = [...this.#lines.values()].flatMap((line) => line.items);
    this.#lines.clear();
    this.#requests = 0;
    this.#samples = 0;
    return all;
  }

  #drop(line: Line<T>, index: number): void {
    const [item] = line.items.splice(index, 1);
    this.#requests--;
    this.#samples -= item!.count;
    if (line.items.length === 0) this.#lines.delete(line.client);
  }
}

function leastServed<T>(lines: Iterable<Line<T>>): Line<T> {
  let least: Line<T> | undefined;
  for (const line of lines) if (!least || line.served < least.served) least = line;
  return least!;
}
