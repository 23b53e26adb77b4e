/** @file Where pictures come from. */
import type { Picture } from "../resample/resampler.js";
import type { Label } from "../samples/labels.js";

/** A picture that is a file of its own. */
export interface PictureFile {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Pictures by number: the files of a tree, or the images of one large file. Names and labels are all there at once, pixels when they
 * are read.
 */
export interface PictureSource {
  /** What it is, for errors: a path. */
  readonly path: string;
  /** A name for every picture, all different. Pictures are written in the sorted order of their names. */
  readonly names: readonly string[];
  /** A label for every picture: all classes, or all vectors of one length. Undefined when there are none. */
  readonly labels: readonly Label[] | undefined;
  /** Names of the classes, where the source has them. */
  readonly classNames?: readonly string[] | undefined;
  /** Other when pictures are others under the same names, as far as that can be told: unfinished conversions then begin anew. */
  readonly version?: string | undefined;
  /**
   * A picture: the bytes of a PNG, JPEG or WebP file, or pixels. It may be called for several at once; what it returns is the
   * caller's, who may transfer it to another thread.
   * @param index into `names`
   * @throws DomainError DATASET_INVALID naming the picture
   */
  read(index: number): Promise<Uint8Array | Picture>;
  /** Where a picture lies that is a file of its own: whoever decodes it then reads it, in its own thread, instead of `read`. */
  fileOf?(index: number): PictureFile | undefined;
  close(): Promise<void>;
}
