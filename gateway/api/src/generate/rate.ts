/** @file How fast work goes, over the last minute. */

const WINDOW_MS = 60_000;

/** Work done against time. Work is any number that grows, e.g. images, parts of them included. */
export class Rate {
  readonly #marks: { at: number; work: number }[];

  constructor(private readonly now: () => number = () => performance.now()) {
    this.#marks = [{ at: now(), work: 0 }];
  }

  /** So much is done by now. */
  mark(work: number): void {
    const at = this.now();
    this.#marks.push({ at, work });
    while (this.#marks.length > 2 && at - this.#marks[1]!.at > WINDOW_MS) this.#marks.shift();
  }

  /** Work per second; 0 while unknown. */
  get perSecond(): number {
    const [first, last] = [this.#marks[0]!, this.#marks.at(-1)!];
    return last.at > first.at ? ((last.work - first.work) / (last.at - first.at)) * 1000 : 0;
  }

  /** Milliseconds until `total` is done; undefined while unknown. */
  remainingMs(total: number): number | undefined {
    const { perSecond } = this;
    return perSecond > 0 ? ((total - this.#marks.at(-1)!.work) / perSecond) * 1000 : undefined;
  }
}
