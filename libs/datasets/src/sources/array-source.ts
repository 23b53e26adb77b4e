/** @file Pictures out of arrays: every image of one size, without compression. */
import type { PictureSource } from "../converting/picture-source.js";
import type { Picture } from "../resample/resampler.js";
import type { Label } from "../samples/labels.js";
import type { Records } from "./records.js";

/** How the bytes of an image stand for pixels. */
export interface PixelLayout {
  readonly width: number;
  readonly height: number;
  /** 1 is grey, 3 RGB, 4 RGB and alpha, which is dropped. */
  readonly channels: 1 | 3 | 4;
  /** Whether channels are outermost, [c, h, w], rather than [h, w, c]. */
  readonly isPlanar: boolean;
}

/** Images of one file or array. */
export interface ArrayPart {
  /** Their names are `name/00000012`. */
  readonly name: string;
  readonly records: Records;
  readonly pixels: PixelLayout;
}

/** Pictures of arrays, one after the other. Names are in the order of the arrays, so sorting them changes nothing. */
export class ArraySource implements PictureSource {
  readonly names: readonly string[];
  readonly #place: readonly (readonly [part: ArrayPart, index: number])[];

  /** @param labels of all pictures, in their order */
  constructor(
    readonly path: string,
    private readonly parts: readonly ArrayPart[],
    readonly labels: readonly Label[] | undefined,
    readonly classNames?: readonly string[],
  ) {
    this.#place = parts.flatMap((part) => Array.from({ length: part.records.count }, (_, i) => [part, i] as const));
    this.names = this.#place.map(([{ name }, i]) => `${name}/${String(i).padStart(8, "0")}`);
  }

  async read(index: number): Promise<Picture> {
    const [{ records, pixels }, at] = this.#place[index]!;
    return toPicture(await records.read(at), pixels);
  }

  async close(): Promise<void> {
    await Promise.all(this.parts.map(({ records }) => records.close()));
  }
}

/** RGB of stored pixels. */
export function toPicture(bytes: Uint8Array, { width, height, channels, isPlanar }: PixelLayout): Picture {
  if (channels === 3 && !isPlanar) return { width, height, data: bytes };
  const area = width * height;
  const [step, plane] = isPlanar ? [1, area] : [channels, 1];
  const data = new Uint8Array(3 * area);
  const [green, blue] = channels === 1 ? [0, 0] : [plane, 2 * plane];
  for (let i = 0, from = 0; i < data.length; i += 3, from += step) {
    data[i] = bytes[from]!;
    data[i + 1] = bytes[from + green]!;
    data[i + 2] = bytes[from + blue]!;
  }
  return { width, height, data };
}
