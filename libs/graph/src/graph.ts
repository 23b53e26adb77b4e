/** @file The builder: applies operators, checks every shape, remembers what was applied. */
import { DomainError } from "@tandem/errors";
import type { ElementType, TensorSpec } from "./model.js";
import type { Operator } from "./operator.js";
import { type OperatorName, type Operators, operators } from "./operators/index.js";
import type { ParameterAttributes } from "./operators/leaves.js";
import type { Pooling } from "./operators/pooling.js";
import { samePads, type Window } from "./operators/products.js";
import type { Shape } from "./shape.js";
import { Value } from "./value.js";

type InputsOf<K extends OperatorName> = Operators[K] extends Operator<infer I, infer _> ? I : never;
type AttributesOf<K extends OperatorName> = Operators[K] extends Operator<infer _, infer A> ? A : never;

/** A rule as the builder sees it, whatever its types. */
export const ruleOf = (name: OperatorName): Operator<readonly Value[], object> =>
  operators[name] as unknown as Operator<readonly Value[], object>;

/** A computation under construction: values in the order they were made. Nothing runs here. */
export class Graph {
  readonly values: Value[] = [];
  readonly inputs: TensorSpec[] = [];
  readonly outputs = new Map<string, Value>();
  #layer = "";

  /** Declares an input. Its first extent is usually the symbolic batch "N". */
  input(name: string, shape: Shape, type: ElementType = "float32"): Value {
    if (this.inputs.some((spec) => spec.name === name))
      throw new DomainError("FIELD_INVALID", `two inputs are named ${name}`);
    this.inputs.push({ name, type, shape });
    return this.apply("input", [], { name, type, shape });
  }

  /** A constant from float32 values. */
  constant(values: Float32Array, shape: readonly number[]): Value {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return this.apply("constant", [], { type: "float32", shape, bytes });
  }

  /** A learned tensor whose bytes come at serialization. */
  parameter(attributes: ParameterAttributes): Value {
    return this.apply("parameter", [], attributes);
  }

  /** Names a result. */
  output(name: string, value: Value): void {
    if (this.outputs.has(name)) throw new DomainError("FIELD_INVALID", `two outputs are named ${name}`);
    this.outputs.set(name, value);
  }

  /** Values made inside belong to the named layer: the network's own name, e.g. `unet.enc.64x64_conv`. */
  layer<T>(name: string, build: () => T): T {
    const outside = this.#layer;
    this.#layer = name;
    try {
      return build();
    } finally {
      this.#layer = outside;
    }
  }

  /** Applies an operator. @throws DomainError SHAPE_MISMATCH naming layer and operator */
  apply<K extends OperatorName>(name: K, inputs: InputsOf<K>, attributes: AttributesOf<K>): Value {
    return this.append(name, inputs, attributes, this.#layer);
  }

  /** Applies an operator whose types were checked before: used by passes that copy graphs. */
  append(name: OperatorName, inputs: readonly Value[], attributes: object, layer: string): Value {
    try {
      const { type, shape } = ruleOf(name).infer(inputs, attributes);
      const value = new Value(this.values.length, name, inputs, attributes, type, shape, layer);
      this.values.push(value);
      return value;
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      throw new DomainError(error.reason, `${layer || "graph"}: ${name}: ${error.message}`, { cause: error });
    }
  }

  add = (a: Value, b: Value): Value => this.apply("add", [a, b], {});
  sub = (a: Value, b: Value): Value => this.apply("sub", [a, b], {});
  mul = (a: Value, b: Value): Value => this.apply("mul", [a, b], {});
  div = (a: Value, b: Value): Value => this.apply("div", [a, b], {});
  sqrt = (x: Value): Value => this.apply("sqrt", [x], {});
  log = (x: Value): Value => this.apply("log", [x], {});
  exp = (x: Value): Value => this.apply("exp", [x], {});
  cos = (x: Value): Value => this.apply("cos", [x], {});
  sin = (x: Value): Value => this.apply("sin", [x], {});
  erf = (x: Value): Value => this.apply("erf", [x], {});
  within = (x: Value, low: number, high: number): Value => this.apply("within", [x], { low, high });
  sigmoid = (x: Value): Value => this.apply("sigmoid", [x], {});
  silu = (x: Value): Value => this.apply("silu", [x], {});
  relu = (x: Value): Value => this.apply("relu", [x], {});
  gelu = (x: Value): Value => this.apply("gelu", [x], {});
  scale = (x: Value, factor: number): Value => this.apply("scale", [x], { factor });
  shift = (x: Value, term: number): Value => this.apply("shift", [x], { term });
  clip = (x: Value, limit: number): Value => this.apply("clip", [x], { limit });
  cast = (x: Value, type: ElementType): Value => (x.type === type ? x : this.apply("cast", [x], { type }));
  lerp = (a: Value, b: Value, weight: number): Value => this.apply("lerp", [a, b], { weight });
  linear = (x: Value, w: Value): Value => this.apply("linear", [x, w], {});
  /** By default it keeps an image's extents: odd kernels alone do. */
  conv = (x: Value, w: Value, { stride = 1, pads = samePads(w) }: Partial<Window> = {}): Value =>
    this.apply("conv", [x, w], { stride, pads });
  convInput = (dy: Value, w: Value, x: Value, window: Window): Value => this.apply("convInput", [dy, w, x], window);
  convWeight = (dy: Value, x: Value, w: Value, window: Window): Value => this.apply("convWeight", [dy, x, w], window);
  maxPool = (x: Value, pooling: Pooling): Value => this.apply("maxPool", [x], pooling);
  averagePool = (x: Value, pooling: Pooling): Value => this.apply("averagePool", [x], pooling);
  matmul = (a: Value, b: Value, { transposeA = false, transposeB = false, alpha = 1 } = {}): Value =>
    this.apply("matmul", [a, b], { transposeA, transposeB, alpha });
  sum = (x: Value, axes: readonly number[]): Value => this.apply("sum", [x], { axes });
  logSumExp = (x: Value, axis: number): Value => this.apply("logSumExp", [x], { axis });
  softmax = (x: Value): Value => this.apply("softmax", [x], {});
  normalize = (x: Value, axis: number, epsilon = 1e-4): Value => this.apply("normalize", [x], { axis, epsilon });
  layerNorm = (x: Value, weight: Value, bias: Value, epsilon: number): Value =>
    this.apply("layerNorm", [x, weight, bias], { epsilon });
  groupNorm = (x: Value, weight: Value, bias: Value, attributes: { groups: number; epsilon: number }): Value =>
    this.apply("groupNorm", [x, weight, bias], attributes);
  reshape = (x: Value, shape: Shape): Value => this.apply("reshape", [x], { shape });
  transpose = (x: Value, order: readonly number[]): Value => this.apply("transpose", [x], { order });
  slice = (x: Value, axis: number, start: number, end: number): Value => this.apply("slice", [x], { axis, start, end });
  concat = (values: Value[], axis: number): Value => this.apply("concat", values, { axis });
  /** One more element at the end of an axis. */
  pad = (x: Value, axis: number, value: number): Value => this.apply("pad", [x], { axis, before: 0, after: 1, value });
  expand = (x: Value, like: Value): Value => this.apply("expand", [x, like], {});
  downsample = (x: Value): Value => this.apply("downsample", [x], {});
  upsample = (x: Value): Value => this.apply("upsample", [x], {});
  gemm = (a: Value, b: Value, c: Value, { transposeA = false, transposeB = false, alpha = 1, beta = 1 } = {}): Value =>
    this.apply("gemm", [a, b, c], { transposeA, transposeB, alpha, beta });
  attention = (qkv: Value): Value => this.apply("attention", [qkv], {});
  rowSquares = (x: Value): Value => this.apply("rowSquares", [x], {});
  normalizeRows = (x: Value, epsilon = 1e-4): Value => this.apply("normalizeRows", [x], { epsilon });
  normalizeRowsGradient = (x: Value, y: Value, dy: Value, epsilon: number): Value =>
    this.apply("normalizeRowsGradient", [x, y, dy], { epsilon, factor: 1 });
  largest = (values: readonly Value[]): Value => this.apply("largest", values, {});
  neighbours = (x: Value, side: number, isMirrored = false): Value =>
    this.apply("neighbours", [x], { side, isMirrored });
  rowConv = (inputs: readonly Value[], side: number, { alpha = 1, beta = 1 } = {}): Value =>
    this.apply("rowConv", inputs, { side, alpha, beta });
  halveRows = (x: Value, side: number): Value => this.apply("halveRows", [x], { side });
  doubleRows = (x: Value, side: number): Value => this.apply("doubleRows", [x], { side });
}
