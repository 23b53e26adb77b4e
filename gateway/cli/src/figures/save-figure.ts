/** @file A figure as a file: SVG as it is, PNG and PDF made of it. */
import { extname } from "node:path";
import { invalid } from "@tandem/errors";
import { replaceFile } from "@tandem/formats";
import PDFDocument from "pdfkit";
import sharp from "sharp";
import SVGtoPDF from "svg-to-pdfkit";

/** Pixels of a PNG for one of the SVG. */
const DENSITY = 2;

type Encode = (svg: string) => Promise<Uint8Array>;

/** Formats by the ending of the file's name. */
const formats: Record<string, Encode> = {
  ".svg": async (svg) => new TextEncoder().encode(svg),
  ".png": (svg) =>
    sharp(Buffer.from(svg), { density: 72 * DENSITY })
      .png()
      .toBuffer(),
  ".pdf": toPdf,
};

/** The ending of a file that a figure can be saved in. @throws DomainError FIELD_INVALID */
export function checkFigureName(path: string): string {
  if (Object.hasOwn(formats, extname(path).toLowerCase())) return path;
  throw invalid("--save", path, "a name that ends in .png, .pdf or .svg");
}

/** Writes the figure, whole or not at all. */
export async function saveFigure(path: string, svg: string): Promise<void> {
  const bytes = await formats[extname(checkFigureName(path)).toLowerCase()]!(svg);
  await replaceFile(path, (file) => file.writeFile(bytes));
}

async function toPdf(svg: string): Promise<Uint8Array> {
  const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
  const document = new PDFDocument({ size: [Number(width), Number(height)], margin: 0 });
  const chunks: Uint8Array[] = [];
  const ended = new Promise<void>((resolve, reject) => {
    document
      .on("data", (chunk: Uint8Array) => chunks.push(chunk))
      .on("end", resolve)
      .on("error", reject);
  });
  SVGtoPDF(document, svg, 0, 0, { assumePt: true });
  document.end();
  await ended;
  return Buffer.concat(chunks);
}
