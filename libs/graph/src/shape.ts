/** @file Shapes: extents that are numbers, or symbols fixed at each run. */
import { DomainError } from "@tandem/errors";
import type { Extent } from "./model.js";

/** Extents, outermost first. */
export type Shape = readonly Extent[];

/** A shape for people, e.g. `[N,3,32,32]`. */
export const show = (shape: Shape): string => `[${shape.join(",")}]`;

/** Whether two shapes are the same, symbols included. */
export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((x, i) => x === b[i]);

/** Number of elements when every symbolic extent is `symbol`: 1 gives the elements of one sample. */
export const countElements = (shape: Shape, symbol = 1): number =>
  shape.reduce<number>((product, extent) => product * (typeof extent === "number" ? extent : symbol), 1);

/** A shape that doesn't fit an operator: a bug of whoever builds the graph, or weights of another network. */
export const mismatch = (message: string): DomainError => new DomainError("SHAPE_MISMATCH", message);

/** An extent that must be a number. @throws DomainError SHAPE_MISMATCH when it is symbolic */
export function fixed(shape: Shape, axis: number): number {
  const extent = shape.at(axis);
  if (typeof extent !== "number") throw mismatch(`axis ${axis} of ${show(shape)} must have a fixed extent`);
  return extent;
}

/** Shape of an elementwise result: trailing axes aligned, extents equal or 1. @throws DomainError SHAPE_MISMATCH */
export function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw mismatch(`${show(a)} and ${show(b)} do not broadcast`);
    return x === 1 ? y : x;
  });
}

/** The shape with one extent replaced. */
export const withExtent = (shape: Shape, axis: number, extent: Extent): Shape =>
  shape.map((old, i) => (i === axis ? extent : old));
