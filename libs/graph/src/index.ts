export type { ElementType, Extent, ExternalData, OnnxModel, TensorSpec } from "./model.js";
