/** @file Every ONNX operator that our graphs consist of; an ONNX file may have no other. */

/** By domain: "" is ONNX itself. None of them reads files, loops, or runs code from the model. */
export const operatorSet = {
  "": [
    "Add",
    "And",
    "AveragePool",
    "Cast",
    "Clip",
    "Concat",
    "Conv",
    "ConvTranspose",
    "Cos",
    "Div",
    "Erf",
    "Exp",
    "Expand",
    "Gather",
    "Gemm",
    "GreaterOrEqual",
    "Identity",
    "InstanceNormalization",
    "LayerNormalization",
    "LessOrEqual",
    "Log",
    "MatMul",
    "Max",
    "MaxPool",
    "Mul",
    "Pad",
    "Reciprocal",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceSum",
    "ReduceSumSquare",
    "Relu",
    "Reshape",
    "Resize",
    "Shape",
    "Sigmoid",
    "Sin",
    "Slice",
    "Softmax",
    "Sqrt",
    "Sub",
    "Transpose",
  ],
  "com.microsoft": ["FusedMatMul", "Gelu", "QuickGelu"],
} as const;

/** Domain of an operator. */
export type Domain = keyof typeof operatorSet;

/** Name of an operator. */
export type OpType = (typeof operatorSet)[Domain][number];
