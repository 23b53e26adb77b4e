/** @file Progress on standard error: a bar on a terminal, a line now and then elsewhere. */
import { Presets, SingleBar } from "cli-progress";

/** How fast it goes, as far as is known. */
export interface Pace {
  /** Units a second; 0 is unknown. */
  readonly perSecond: number;
  readonly leftMs?: number | undefined;
}

/** Work on its way. */
export interface Progress {
  /** So much is done, of the total. Without a pace it is measured here. */
  update(done: number, pace?: Pace): void;
  /** Writes something else where the progress stands, and lets that go on below. */
  aside(write: () => void): void;
  /** No more will come; leaves the terminal's line clean, and what was reached. */
  stop(): void;
}

/** A log that grows by more than this is not read. */
const LINE_EVERY_MS = 2000;

/** A bar that redraws itself. */
export function terminalProgress(stream: NodeJS.WriteStream, title: string, total: number, unit: string): Progress {
  const format = `${title} {bar} {value}/{total} ${unit}{pace}`;
  const bar = new SingleBar(
    { format, stream, hideCursor: true, barsize: 24, clearOnComplete: true },
    Presets.shades_classic,
  );
  const began = performance.now();
  let done = 0;
  let pace = "";
  bar.start(total, done, { pace });
  return {
    update(now, known = measured(began, now, total)) {
      done = now;
      pace = words(known, unit, done < total);
      bar.update(done, { pace });
    },
    // The bar remembers the cursor's place from start to stop, so nothing else may be written in between.
    aside(write) {
      bar.stop();
      write();
      bar.start(total, done, { pace });
    },
    stop() {
      bar.stop();
      stream.write(`${title}: ${done}/${total} ${unit}${pace}\n`);
    },
  };
}

/** A line every two seconds, and one at the end. */
export function lineProgress(stream: NodeJS.WriteStream, title: string, total: number, unit: string): Progress {
  const began = performance.now();
  let written = began;
  let isComplete = false;
  return {
    update(done, pace = measured(began, done, total)) {
      const now = performance.now();
      if (isComplete || (done < total && now - written < LINE_EVERY_MS)) return;
      written = now;
      isComplete = done === total;
      stream.write(`${title}: ${done}/${total} ${unit}${words(pace, unit, done < total)}\n`);
    },
    aside: (write) => write(),
    stop() {},
  };
}

function measured(began: number, done: number, total: number): Pace {
  const perSecond = (1000 * done) / Math.max(performance.now() - began, 1);
  return { perSecond, ...(done > 0 && { leftMs: (1000 * (total - done)) / perSecond }) };
}

function words({ perSecond, leftMs }: Pace, unit: string, isUnderWay: boolean): string {
  const rate = perSecond > 0 ? `, ${perSecond.toPrecision(3)} ${unit}/s` : "";
  return isUnderWay && leftMs !== undefined ? `${rate}, ${duration(leftMs)} left` : rate;
}

function duration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
