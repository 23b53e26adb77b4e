/** @file The five kinds of Inception blocks: branches side by side, joined along the channels. */
import type { Value } from "@tandem/graph";
import type { InceptionLayers } from "./layers.js";

/** Builds a block of a name. */
type Block = (layers: InceptionLayers, name: string, x: Value) => Value;

/** Joins branches in the checkpoint's order. */
const join = (layers: InceptionLayers, name: string, branches: Value[]): Value =>
  layers.record(name, layers.g.concat(branches, 1));

/** 35x35: 1x1, 5x5, two 3x3, and a mean. */
export const blockA =
  (poolChannels: number): Block =>
  (layers, name, x) => {
    const five = layers.conv(`${name}.branch5x5_1`, x, 48, [1, 1]);
    const double = layers.conv(`${name}.branch3x3dbl_1`, x, 64, [1, 1]);
    const twice = layers.conv(`${name}.branch3x3dbl_2`, double, 96, [3, 3]);
    const pooled = layers.smooth(name, x, "averagePool");
    return join(layers, name, [
      layers.conv(`${name}.branch1x1`, x, 64, [1, 1]),
      layers.conv(`${name}.branch5x5_2`, five, 64, [5, 5]),
      layers.conv(`${name}.branch3x3dbl_3`, twice, 96, [3, 3]),
      layers.conv(`${name}.branch_pool`, pooled, poolChannels, [1, 1]),
    ]);
  };

/** 35x35 to 17x17. */
export const blockB: Block = (layers, name, x) => {
  const double = layers.conv(`${name}.branch3x3dbl_1`, x, 64, [1, 1]);
  const twice = layers.conv(`${name}.branch3x3dbl_2`, double, 96, [3, 3]);
  const halving = { stride: 2, isPadded: false };
  return join(layers, name, [
    layers.conv(`${name}.branch3x3`, x, 384, [3, 3], halving),
    layers.conv(`${name}.branch3x3dbl_3`, twice, 96, [3, 3], halving),
    layers.halve(`${name}.pool`, x),
  ]);
};

/** 17x17: kernels of 7x7 as rows and columns. */
export const blockC =
  (channels: number): Block =>
  (layers, name, x) => {
    const chain = (branch: string, kernels: readonly (readonly [number, number])[]) =>
      kernels.reduce((value, kernel, i) => {
        const isLast = i === kernels.length - 1;
        return layers.conv(`${name}.${branch}_${i + 1}`, value, isLast ? 192 : channels, kernel);
      }, x);
    const [point, row, column] = [[1, 1] as const, [1, 7] as const, [7, 1] as const];
    return join(layers, name, [
      layers.conv(`${name}.branch1x1`, x, 192, point),
      chain("branch7x7", [point, row, column]),
      chain("branch7x7dbl", [point, column, row, column, row]),
      layers.conv(`${name}.branch_pool`, layers.smooth(name, x, "averagePool"), 192, point),
    ]);
  };

/** 17x17 to 8x8. */
export const blockD: Block = (layers, name, x) => {
  const halving = { stride: 2, isPadded: false };
  const three = layers.conv(`${name}.branch3x3_1`, x, 192, [1, 1]);
  const seven = layers.conv(`${name}.branch7x7x3_1`, x, 192, [1, 1]);
  const row = layers.conv(`${name}.branch7x7x3_2`, seven, 192, [1, 7]);
  const column = layers.conv(`${name}.branch7x7x3_3`, row, 192, [7, 1]);
  return join(layers, name, [
    layers.conv(`${name}.branch3x3_2`, three, 320, [3, 3], halving),
    layers.conv(`${name}.branch7x7x3_4`, column, 192, [3, 3], halving),
    layers.halve(`${name}.pool`, x),
  ]);
};

/** 8x8: kernels that part into a row and a column. The graph's last block takes the largest where others take the mean. */
export const blockE =
  (pool: "averagePool" | "maxPool"): Block =>
  (layers, name, x) => {
    const fork = (branch: string, value: Value) =>
      layers.g.concat(
        [layers.conv(`${name}.${branch}a`, value, 384, [1, 3]), layers.conv(`${name}.${branch}b`, value, 384, [3, 1])],
        1,
      );
    const double = layers.conv(`${name}.branch3x3dbl_1`, x, 448, [1, 1]);
    return join(layers, name, [
      layers.conv(`${name}.branch1x1`, x, 320, [1, 1]),
      fork("branch3x3_2", layers.conv(`${name}.branch3x3_1`, x, 384, [1, 1])),
      fork("branch3x3dbl_3", layers.conv(`${name}.branch3x3dbl_2`, double, 384, [3, 3])),
      layers.conv(`${name}.branch_pool`, layers.smooth(name, x, pool), 192, [1, 1]),
    ]);
  };
