export { replaceFile, syncFolder } from "./atomic-file.js";
export { fileError, systemCode } from "./file-error.js";
export { type FloatType, fromFloat32, toFloat32 } from "./float-conversion.js";
export { makeFolder } from "./make-folder.js";
export { encodeNpy, type NpyHeader, parseNpy, parseNpyHeader, readNpy, writeNpy } from "./numpy/npy.js";
export { readNpz, writeNpz } from "./numpy/npz.js";
export { isMap, isSequence } from "./pickle/context.js";
export {
  isTensor,
  PickledTensor,
  PickleGlobal,
  type PickleMap,
  PickleRecord,
  type PickleValue,
} from "./pickle/values.js";
export { readPickle } from "./read-pickle.js";
export { namedTensors, parseTensorFile, readTensorFile, type TensorFile } from "./read-tensor-file.js";
export type { TensorEntry } from "./safetensors/header.js";
export {
  openSafetensors,
  parseSafetensors,
  readSafetensors,
  type Safetensors,
  type SafetensorsFile,
} from "./safetensors/read.js";
export { layoutSafetensors, type SafetensorsLayout, writeSafetensors } from "./safetensors/write.js";
export { type FileKind, sniff } from "./sniff.js";
export { byteCount, type DType, elementBytes, elementCount, type TensorData } from "./tensor-data.js";
export { type ReadOptions, readWholeFile } from "./whole-file.js";
