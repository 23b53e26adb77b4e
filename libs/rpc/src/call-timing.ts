/** @file Where the time of a call goes: waiting, computing, and the rest, which is the wire. */

/** Milliseconds spent. */
export interface Timing {
  /** Waiting for a device, for room in a batch, for a turn. */
  queueMs?: number;
  /** On the device. */
  computeMs?: number;
  /** Between two processes; known to the side that measured the round trip. */
  wireMs?: number;
}

/** The parts of a call's time, as metrics name them. */
export const parts = ["queue", "compute", "wire"] as const;
/** One part of a call's time. */
export type Part = (typeof parts)[number];

/** Sums the times of one call, and tells whoever observes it each of them. */
export class CallTiming {
  readonly totalMs: Record<Part, number> = { queue: 0, compute: 0, wire: 0 };
  /** Called for each recorded part. */
  observer: ((part: Part, ms: number) => void) | undefined;

  /** @param startedAt when the call's headers came, on the clock of performance.now() */
  constructor(private readonly startedAt: number) {}

  add({ queueMs, computeMs, wireMs }: Timing): void {
    this.record("queue", queueMs);
    this.record("compute", computeMs);
    this.record("wire", wireMs);
  }

  /** Milliseconds since the call's headers came. */
  elapsedMs(): number {
    return performance.now() - this.startedAt;
  }

  private record(part: Part, ms: number | undefined): void {
    if (ms === undefined) return;
    this.totalMs[part] += ms;
    this.observer?.(part, ms);
  }
}
