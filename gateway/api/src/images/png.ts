/** @file Pixels as PNG. */
import sharp from "sharp";
import { insertText } from "./text-chunk.js";

/** Keyword of the text chunk that holds how an image was made. */
export const TEXT_KEYWORD = "tandem";

/**
 * A PNG of exactly these pixels: no color profile, no gamma, nothing that depends on time or machine.
 * @param pixels  [height, width, 3]
 * @param text    put into the text chunk
 */
export async function encodePng(pixels: Uint8Array, width: number, height: number, text?: string): Promise<Buffer> {
  const png = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 6, adaptiveFiltering: true, palette: false })
    .toBuffer();
  return text === undefined ? png : insertText(png, TEXT_KEYWORD, text);
}
