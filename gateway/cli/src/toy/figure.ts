/** @file Figure 2 of the autoguidance paper (arXiv 2406.02507) for two toy networks: eight panels in one SVG. */
import { contour, dot, identity, line, type Markish } from "@observablehq/plot";
import { innerSvg } from "../figures/inner-svg.js";
import type { Field, ToyFigure } from "./measure.js";

/** Size of a panel, and of the gap between panels, pixels. */
const [SIDE, GAP, TITLE] = [320, 16, 28];
const COLUMNS = 4;
const INK = "#20242c";
const [NET, GUIDED] = ["#d2601a", "#1a6fb0"];

/** Densities are drawn by contours of their logarithm, as far below the highest as the eye tells apart from white. */
const LEVELS = Array.from({ length: 14 }, (_, i) => -6.5 + i * 0.5);
/** log of a ratio: red where net has more, blue where gnet has; what is beyond the limit looks like the limit. */
const RATIO_LIMIT = 4;
const RATIO_LEVELS = Array.from({ length: 17 }, (_, i) => -RATIO_LIMIT + i / 2);

/** The figure as SVG: the truth; samples; trajectories; densities of both networks and their ratio. */
export function drawFigure(figure: ToyFigure): string {
  const { truth, samples, guided, paths, guidedPaths, net, gnet, ratio, guidance } = figure;
  const over = { view: truth.view, below: density(truth, "#8a93a3") };
  const zoomed = { view: figure.zoom, below: density(figure.zoomedTruth, "#8a93a3") };
  const panels: [string, Panel][] = [
    ["true distribution", { view: truth.view, marks: [density(truth, INK)] }],
    ["samples, no guidance", { view: over.view, marks: [over.below, points(samples, NET)] }],
    [`samples, guidance ${guidance}`, { view: over.view, marks: [over.below, points(guided, GUIDED)] }],
    ["trajectories, no guidance", { view: zoomed.view, marks: [zoomed.below, ...curves(paths, NET)] }],
    [
      `trajectories, guidance ${guidance}`,
      { view: zoomed.view, marks: [zoomed.below, ...curves(guidedPaths, GUIDED)] },
    ],
    ["density of net", { view: net.view, marks: [density(net, NET)] }],
    ["density of gnet", { view: gnet.view, marks: [density(gnet, "#7a4fa3")] }],
    ["net / gnet", { view: ratio.view, marks: [ratioOf(ratio)] }],
  ];
  const rows = Math.ceil(panels.length / COLUMNS);
  const width = COLUMNS * (SIDE + GAP) + GAP;
  const height = rows * (SIDE + TITLE + GAP) + GAP;
  const parts = panels.map(([title, panel], i) => {
    const x = GAP + (i % COLUMNS) * (SIDE + GAP);
    const y = GAP + Math.floor(i / COLUMNS) * (SIDE + TITLE + GAP);
    const text = `<text x="4" y="17" font-family="Helvetica, Arial, sans-serif" font-size="14" fill="${INK}">${title}</text>`;
    return `<g transform="translate(${x},${y})">${text}<g transform="translate(0,${TITLE})">${draw(panel)}</g></g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><rect width="${width}" height="${height}" fill="white"/>${parts.join("")}</svg>`;
}

/** A part of the plane: [low, high] of both axes. */
type View = Field["view"];

interface Panel {
  readonly view: View;
  readonly marks: Markish[];
}

/** A panel's inner SVG, framed. */
function draw({ view, marks }: Panel): string {
  const drawn = innerSvg({
    width: SIDE,
    height: SIDE,
    margin: 0,
    x: { domain: view.x, axis: null },
    y: { domain: view.y, axis: null },
    color: { type: "diverging", scheme: "RdBu", reverse: true, domain: [-RATIO_LIMIT, RATIO_LIMIT] },
    marks,
    clip: true,
  });
  const frame = `<rect width="${SIDE}" height="${SIDE}" fill="none" stroke="#b5bac4"/>`;
  const clip = `<svg width="${SIDE}" height="${SIDE}" viewBox="0 0 ${SIDE} ${SIDE}">${drawn}</svg>`;
  return clip + frame;
}

const grid = ({ values, size, view }: Field) => ({
  data: values,
  width: size,
  height: size,
  x1: view.x[0],
  y1: view.y[0],
  x2: view.x[1],
  y2: view.y[1],
});

/** Filled contours of a log density, darker where it is higher. */
function density(field: Field, color: string): Markish {
  const { data, ...extent } = grid(field);
  const top = field.values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const relative = Array.from(data, (value) => Math.max(-20, value - top));
  return contour(relative, {
    ...extent,
    thresholds: LEVELS,
    fill: color,
    fillOpacity: 1 / 10,
    stroke: "none",
    value: identity,
  } as never);
}

function ratioOf(field: Field): Markish {
  const { data, ...extent } = grid(field);
  const clamped = Array.from(data, (value) => Math.max(-RATIO_LIMIT, Math.min(RATIO_LIMIT, value)));
  return contour(clamped, { ...extent, thresholds: RATIO_LEVELS, fill: identity, stroke: "none" } as never);
}

const points = (places: Float32Array, color: string): Markish =>
  dot({ length: places.length / 2 } as ArrayLike<undefined>, {
    x: (_: undefined, i: number) => places[2 * i]!,
    y: (_: undefined, i: number) => places[2 * i + 1]!,
    r: 0.9,
    fill: color,
    fillOpacity: 0.6,
  });

/** One curve a sample, from noise to its end. */
const curves = (paths: readonly Float32Array[], color: string): Markish[] => {
  const rows = paths.flatMap((path, z) =>
    Array.from({ length: path.length / 2 }, (_, i) => ({ z, x: path[2 * i]!, y: path[2 * i + 1]! })),
  );
  const ends = paths.map((path) => ({ x: path.at(-2)!, y: path.at(-1)! }));
  return [
    line(rows, { x: "x", y: "y", z: "z", stroke: color, strokeWidth: 0.7, strokeOpacity: 0.6 }),
    dot(ends, { x: "x", y: "y", r: 1.8, fill: color }),
  ];
};
