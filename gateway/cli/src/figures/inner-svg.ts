/** @file Plots without a browser. */
import { plot } from "@observablehq/plot";
import { parseHTML } from "linkedom";

type PlotOptions = NonNullable<Parameters<typeof plot>[0]>;
/** What is used of the element that the plotting library makes. */
interface Drawn {
  readonly innerHTML: string;
  querySelectorAll(selector: string): Iterable<{ remove(): void }>;
}

/** What stands inside a plot's SVG element. Its styles are for pages; in a larger figure they would leak into other panels. */
export function innerSvg(options: PlotOptions): string {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  // The library's idea of a document is a browser's; ours is none.
  const svg = plot({ ...options, document: document as unknown as NonNullable<PlotOptions["document"]> });
  const drawn = svg as unknown as Drawn;
  for (const style of drawn.querySelectorAll("style")) style.remove();
  return drawn.innerHTML;
}
