/** @file The rule table: every operator by name. A new one is a row here, typed by the table itself. */
import { attention } from "./attention.js";
import { lerp } from "./blend.js";
import { convInput, convWeight } from "./conv-gradients.js";
import {
  add,
  cast,
  clip,
  cos,
  div,
  erf,
  exp,
  gelu,
  log,
  mul,
  relu,
  scale,
  shift,
  sigmoid,
  silu,
  sin,
  sqrt,
  sub,
  within,
} from "./elementwise.js";
import { gemm } from "./gemm.js";
import { groupNorm } from "./group-norm.js";
import { concat, downsample, expand, pad, reshape, slice, transpose, upsample } from "./layout.js";
import { constant, input, parameter } from "./leaves.js";
import { largest, normalizeRows, normalizeRowsGradient, rowSquares } from "./pixel-norm.js";
import { averagePool, maxPool } from "./pooling.js";
import { conv, linear, matmul } from "./products.js";
import { layerNorm, logSumExp, normalize, softmax, sum } from "./reductions.js";
import { doubleRows, halveRows, neighbours, rowConv } from "./rows.js";

export const operators = {
  input,
  constant,
  parameter,
  add,
  sub,
  mul,
  div,
  sqrt,
  log,
  exp,
  cos,
  sin,
  sigmoid,
  erf,
  within,
  scale,
  shift,
  silu,
  relu,
  gelu,
  clip,
  cast,
  lerp,
  linear,
  matmul,
  conv,
  convInput,
  convWeight,
  maxPool,
  averagePool,
  sum,
  logSumExp,
  softmax,
  normalize,
  layerNorm,
  groupNorm,
  reshape,
  transpose,
  slice,
  concat,
  expand,
  pad,
  downsample,
  upsample,
  gemm,
  attention,
  rowSquares,
  normalizeRows,
  normalizeRowsGradient,
  largest,
  neighbours,
  rowConv,
  halveRows,
  doubleRows,
};

export type Operators = typeof operators;
export type OperatorName = keyof Operators;
