/** @file Images as feature networks get them. */

/** An image of eight bits: height x width x 3, red, green and blue beside each other. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}
