/** @file The filters of PNG's rows, undone (RFC 2083, section 6). */

/**
 * Undoes them in place.
 * @param rows  [height, 1 + line]: each row behind the number of its filter
 * @param pixel bytes of a pixel
 * @throws Error when there is no such filter
 */
export function unfilter(rows: Uint8Array, line: number, height: number, pixel: number): void {
  for (let y = 0; y < height; y++) {
    const begin = y * (line + 1) + 1;
    const filter = filters[rows[begin - 1]!];
    if (!filter) throw new Error(`there is no filter ${rows[begin - 1]}`);
    filter(rows, begin, begin + line, pixel, y === 0 ? 0 : line + 1);
  }
}

/** Undoes a filter from `begin` to `end`; the byte above is `up` bytes before, and 0 in the first row, where `up` is 0. */
type Undo = (rows: Uint8Array, begin: number, end: number, pixel: number, up: number) => void;

const filters: readonly Undo[] = [none, fromLeft, fromAbove, fromMean, fromNearest];

function none(): void {}

function fromLeft(rows: Uint8Array, begin: number, end: number, pixel: number): void {
  for (let i = begin + pixel; i < end; i++) rows[i]! += rows[i - pixel]!;
}

function fromAbove(rows: Uint8Array, begin: number, end: number, _: number, up: number): void {
  if (up === 0) return;
  for (let i = begin; i < end; i++) rows[i]! += rows[i - up]!;
}

function fromMean(rows: Uint8Array, begin: number, end: number, pixel: number, up: number): void {
  for (let i = begin; i < end; i++) {
    const left = i < begin + pixel ? 0 : rows[i - pixel]!;
    const above = up === 0 ? 0 : rows[i - up]!;
    rows[i]! += (left + above) >> 1;
  }
}

/** Paeth's: of left, above and the one between, that which is nearest to left + above - between. */
function fromNearest(rows: Uint8Array, begin: number, end: number, pixel: number, up: number): void {
  if (up === 0) {
    fromLeft(rows, begin, end, pixel);
    return;
  }
  for (let i = begin; i < begin + pixel; i++) rows[i]! += rows[i - up]!;
  for (let i = begin + pixel; i < end; i++) {
    const left = rows[i - pixel]!;
    const above = rows[i - up]!;
    const between = rows[i - up - pixel]!;
    const toLeft = Math.abs(above - between);
    const toAbove = Math.abs(left - between);
    const toBetween = Math.abs(left + above - 2 * between);
    rows[i]! += toLeft <= toAbove && toLeft <= toBetween ? left : toAbove <= toBetween ? above : between;
  }
}
