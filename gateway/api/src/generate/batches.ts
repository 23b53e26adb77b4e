/** @file How images are divided into batches. */

/** Places start, ..., end - 1 of the seeds. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Batches of at most `size`. Two are in flight at a time, so that servers work on one while the other is on the wire; where one
 * would be alone (the only, or the last of an odd number) it is split in halves. Images do not depend on their batch.
 * @param isSplit  false where one server runs the whole loop: there is no wire to hide
 */
export function divide(count: number, size: number, isSplit: boolean): Span[] {
  const spans: Span[] = [];
  for (let start = 0; start < count; start += size) spans.push({ start, end: Math.min(start + size, count) });
  const last = spans.at(-1);
  if (!isSplit || !last || spans.length % 2 === 0 || last.end - last.start < 2) return spans;
  const middle = last.start + Math.ceil((last.end - last.start) / 2);
  return [...spans.slice(0, -1), { start: last.start, end: middle }, { start: middle, end: last.end }];
}
