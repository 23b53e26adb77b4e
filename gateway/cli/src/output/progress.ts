/** @file Progress on standard error: a bar on a terminal, a line now and then elsewhere. */
import { Presets, SingleBar } from "cli-progress";

/** Work on its way. */
export interface Progress {
  /** So much is done, of the total. */
  update(done: number): void;
  /** No more will come; leaves the terminal's line clean. */
  stop(): void;
}

/** A log that grows by more than this is not read. */
const LINE_EVERY_MS = 2000;

/** A bar that redraws itself. */
export function terminalProgress(stream: NodeJS.WriteStream, title: string, total: number, unit: string): Progress {
  const format = `${title} {bar} {value}/{total} ${unit}  {rate} ${unit}/s  {eta_formatted} left`;
  const bar = new SingleBar(
    { format, stream, hideCursor: true, clearOnComplete: false, etaBuffer: 32 },
    Presets.shades_classic,
  );
  const began = performance.now();
  bar.start(total, 0, { rate: "-" });
  return {
    update: (done) => bar.update(done, { rate: rateSince(began, done) }),
    stop: () => bar.stop(),
  };
}

/** A line every two seconds, and one at the end. */
export function lineProgress(stream: NodeJS.WritableStream, title: string, total: number, unit: string): Progress {
  const began = performance.now();
  let written = began;
  return {
    update(done) {
      const now = performance.now();
      if (done < total && now - written < LINE_EVERY_MS) return;
      written = now;
      const secondsLeft = done > 0 ? Math.round(((now - began) / 1000 / done) * (total - done)) : Number.NaN;
      const left = done === total || Number.isNaN(secondsLeft) ? "" : `, ${secondsLeft} s left`;
      stream.write(`${title}: ${done}/${total} ${unit}, ${rateSince(began, done)} ${unit}/s${left}\n`);
    },
    stop() {},
  };
}

const rateSince = (began: number, done: number) =>
  ((1000 * done) / Math.max(performance.now() - began, 1)).toPrecision(3);
