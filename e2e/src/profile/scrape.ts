/** @file Sums and counts of Prometheus histograms, read from the text format. */

/** One histogram with one set of labels. */
export interface Sum {
  readonly labels: Readonly<Record<string, string>>;
  /** Sum of what was observed, in the metric's unit. */
  readonly sum: number;
  /** How often something was observed. */
  readonly count: number;
}

/** All series of a histogram. */
export function histogram(text: string, name: string): Sum[] {
  const sums = series(text, `${name}_sum`);
  const counts = new Map(series(text, `${name}_count`).map(({ key, value }) => [key, value]));
  return sums.map(({ key, labels, value }) => ({ labels, sum: value, count: counts.get(key) ?? 0 }));
}

function series(text: string, name: string): { key: string; labels: Record<string, string>; value: number }[] {
  const lines = [...text.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, "gm"))];
  return lines.map(([, key = "", value]) => {
    const pairs = [...key.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, text]) => [label!, text!]);
    return { key, labels: Object.fromEntries(pairs), value: Number(value) };
  });
}
