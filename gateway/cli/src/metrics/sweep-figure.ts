/** @file A metric against EMA length or guidance weight: a panel a metric, a line for what else differs, the seeds' spread as bars. */
import { dot, line, ruleX } from "@observablehq/plot";
import { innerSvg } from "../figures/inner-svg.js";
import type { Summary } from "./report.js";

/** A measured place of a sweep. */
export interface SweepPoint extends Summary {
  readonly net: string;
  /** EMA length of net, when its name tells it. */
  readonly ema: number | undefined;
  readonly guidance: number;
}

/** Size of a panel and what is around it, pixels. */
const [WIDTH, HEIGHT, TITLE, GAP] = [480, 320, 28, 16];
const INK = "#20242c";
const COLOURS = ["#1a6fb0", "#d2601a", "#3a8a4d", "#7a4fa3", "#b0851a", "#5b6472"];

/** The plot as SVG. */
export function drawSweep(points: readonly SweepPoint[]): string {
  const byEma = new Set(points.map(({ net }) => net)).size > 1 && points.every(({ ema }) => ema !== undefined);
  const metrics = [...new Set(points.map(({ metric }) => metric))];
  const panels = metrics.map((metric, i) => {
    const own = points.filter((point) => point.metric === metric);
    const title = `<text x="${GAP}" y="19" font-family="Helvetica, Arial, sans-serif" font-size="14" fill="${INK}">${metric}</text>`;
    const y = i * (HEIGHT + TITLE + GAP);
    return `<g transform="translate(0,${y})">${title}<g transform="translate(0,${TITLE})">${panel(own, byEma)}</g></g>`;
  });
  const height = metrics.length * (HEIGHT + TITLE + GAP);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"><rect width="${WIDTH}" height="${height}" fill="white"/>${panels.join("")}</svg>`;
}

function panel(points: readonly SweepPoint[], byEma: boolean): string {
  const seriesOf = ({ net, guidance }: SweepPoint) => (byEma ? `guidance ${guidance}` : net.replace(/^.*\//, ""));
  const series = [...new Set(points.map(seriesOf))];
  const rows = points.map((point) => ({
    x: byEma ? point.ema! : point.guidance,
    y: point.best,
    low: Math.min(...point.values),
    high: Math.max(...point.values),
    colour: COLOURS[series.indexOf(seriesOf(point)) % COLOURS.length]!,
    z: seriesOf(point),
  }));
  const sorted = rows.toSorted((a, b) => a.x - b.x);
  const drawn = innerSvg({
    width: WIDTH,
    height: HEIGHT,
    marginLeft: 56,
    marginBottom: 40,
    x: { label: byEma ? "EMA length" : "guidance weight", inset: 12 },
    y: { label: null, grid: true, inset: 8 },
    marks: [
      line(sorted, { x: "x", y: "y", z: "z", stroke: "colour" }),
      ruleX(sorted, { x: "x", y1: "low", y2: "high", stroke: "colour" }),
      dot(sorted, { x: "x", y: "y", r: 3, fill: "colour" }),
    ],
    color: { type: "identity" },
  });
  const legend = series.map(
    (name, i) =>
      `<text x="${WIDTH - 8}" y="${14 + 16 * i}" text-anchor="end" font-family="Helvetica, Arial, sans-serif" font-size="12" fill="${COLOURS[i % COLOURS.length]}">${name}</text>`,
  );
  return `<svg width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}">${drawn}${series.length > 1 ? legend.join("") : ""}</svg>`;
}
