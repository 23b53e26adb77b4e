/** @file Numbers of the fields that are read in, or changed within, an ONNX file (onnx.proto). */

export const MODEL = { graph: 7, metadata: 14, training: 20, functions: 25 } as const;
export const GRAPH = { node: 1, initializer: 5, input: 11, output: 12, sparseInitializer: 15 } as const;
export const NODE = { opType: 4, attribute: 5, domain: 7 } as const;
/** The kinds of values that attributes of our operators have: float, int, string, floats, ints; name, type and documentation. */
export const ATTRIBUTE = { name: 1, f: 2, i: 3, s: 4, floats: 7, ints: 8, doc: 13, type: 20 } as const;
export const TENSOR = { dims: 1, dataType: 2, name: 8, rawData: 9, externalData: 13, dataLocation: 14 } as const;
/** StringStringEntryProto. */
export const ENTRY = { key: 1, value: 2 } as const;
export const VALUE_INFO = { name: 1, type: 2 } as const;
export const TYPE = { tensor: 1 } as const;
export const TENSOR_TYPE = { elementType: 1, shape: 2 } as const;
export const SHAPE = { dimension: 1 } as const;
export const DIMENSION = { value: 1, parameter: 2 } as const;
