/** @file The rule table: every operator by name. A new one is a row here, typed by the table itself. */
import { lerp } from "./blend.js";
import { add, cast, clip, cos, div, exp, log, mul, scale, shift, sigmoid, silu, sqrt, sub } from "./elementwise.js";
import { concat, downsample, expand, pad, reshape, slice, transpose, upsample } from "./layout.js";
import { constant, input, parameter } from "./leaves.js";
import { conv, linear, matmul } from "./products.js";
import { logSumExp, normalize, softmax, sum } from "./reductions.js";

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
  sigmoid,
  scale,
  shift,
  silu,
  clip,
  cast,
  lerp,
  linear,
  matmul,
  conv,
  sum,
  logSumExp,
  softmax,
  normalize,
  reshape,
  transpose,
  slice,
  concat,
  expand,
  pad,
  downsample,
  upsample,
};

export type Operators = typeof operators;
export type OperatorName = keyof Operators;
