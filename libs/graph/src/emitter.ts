/** @file Lowering: collects the ONNX nodes and constants that the rules emit. */
import type { ElementType } from "./model.js";
import { elementBytes, type OnnxAttribute, type OnnxConstant, type OnnxNode } from "./onnx.js";
import type { OpType } from "./operator-set.js";
import { countElements } from "./shape.js";

/** A constant whose bytes come later, from whoever has the weights. */
export interface Deferred {
  /** Name of the constant in the ONNX graph, and path of its bytes. */
  readonly path: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** What the weights' owner put there when the constant was declared, scaled by `factor`. */
  readonly source: object;
  readonly factor: number;
}

/** Constants of up to this many bytes stay inside the protobuf. */
const inlineBytes = 1024;

/** What rules write to. Equal constants are stored once, and equal nodes computed once: gradients repeat parts of the way forward. */
export class Emitter {
  readonly nodes: OnnxNode[] = [];
  readonly constants: OnnxConstant[] = [];
  readonly deferred: Deferred[] = [];
  readonly #constantNames = new Map<string, string>();
  readonly #nodeNames = new Map<string, string>();
  #count = 0;
  /** Layer of the value being lowered. */
  layer = "";

  /**
   * Adds a node with one output and returns the output's name. It carries the layer: where onnxruntime replaces a node by one of its
   * own, the output's name is all that its profile keeps.
   */
  node(
    opType: OpType,
    inputs: readonly string[],
    attributes: Record<string, OnnxAttribute> = {},
    domain: OnnxNode["domain"] = "",
  ): string {
    const key = JSON.stringify([opType, domain, inputs, attributes]);
    const known = this.#nodeNames.get(key);
    if (known !== undefined) return known;
    const name = `${this.layer}/t${this.#count++}`;
    this.nodes.push({ opType, inputs, outputs: [name], attributes, domain });
    this.#nodeNames.set(key, name);
    return name;
  }

  /** A one-dimensional int64 constant: axes, shapes, bounds. */
  integers(values: readonly number[]): string {
    return this.bytes("int64", [values.length], new Uint8Array(BigInt64Array.from(values, BigInt).buffer));
  }

  /** A scalar of the given floating-point type. */
  scalar(value: number, type: ElementType): string {
    const data = type === "float16" ? Float16Array.of(value) : Float32Array.of(value);
    return this.bytes(type, [], new Uint8Array(data.buffer));
  }

  /** A constant given by its bytes. */
  bytes(type: ElementType, shape: readonly number[], bytes: Uint8Array): string {
    // Large ones are not compared: each is its own.
    const content = bytes.length <= inlineBytes ? Buffer.from(bytes).toString("latin1") : this.constants.length;
    return this.#once(`${type}${shape}:${content}`, (name) =>
      this.constants.push({ name, type, shape, content: { bytes } }),
    );
  }

  /** A constant that its key names, made when it is asked for the first time: tables, of which many nodes use the same one. */
  table(key: string, type: ElementType, shape: readonly number[], make: () => Uint8Array): string {
    return this.#once(`table:${key}`, (name) => this.constants.push({ name, type, shape, content: { bytes: make() } }));
  }

  /** A constant whose bytes come at serialization. `name` and `factor` identify it. */
  defer(name: string, type: ElementType, shape: readonly number[], source: object, factor: number): string {
    return this.#once(`deferred:${name}:${factor}:${type}`, (path) => {
      const length = countElements(shape) * elementBytes[type];
      this.constants.push({ name: path, type, shape, content: { path, length } });
      this.deferred.push({ path, type, shape, source, factor });
    });
  }

  #once(key: string, add: (name: string) => void): string {
    const known = this.#constantNames.get(key);
    if (known !== undefined) return known;
    const name = `c${this.#constantNames.size}`;
    this.#constantNames.set(key, name);
    add(name);
    return name;
  }
}
