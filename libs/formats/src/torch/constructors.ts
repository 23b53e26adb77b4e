/** @file The calls by which pickles build torch tensors. */

import { isShape } from "../numpy/layout.js";
import { cost } from "../pickle/budget.js";
import { type Constructor, isSequence, misused, type PickleContext } from "../pickle/context.js";
import { PickledTensor, PickleGlobal, type PickleValue } from "../pickle/values.js";
import { gather, isDense, reach } from "../strided.js";
import { type DType, elementBytes, elementCount } from "../tensor-data.js";
import { PickledStorage, tensorType } from "./storage.js";

/** (storage, offset, size, stride, ...): what follows concerns gradients. */
const rebuildTensor: Constructor = ([storage, offset, size, stride], context) => {
  if (!(storage instanceof PickledStorage)) throw misused(context, "a tensor without storage");
  return rebuild(context, storage, storage.dtype, offset, size, stride);
};

/** Untyped storage: (storage, offset, size, stride, requires_grad, hooks, dtype, ...). */
const rebuildTyped: Constructor = ([storage, offset, size, stride, , , dtype], context) => {
  if (!(storage instanceof PickledStorage)) throw misused(context, "a tensor without storage");
  return rebuild(context, storage, tensorType(context, dtype), offset, size, stride);
};

/** (tensor, requires_grad, hooks[, state]) */
const rebuildParameter: Constructor = ([tensor], context) => {
  if (!(tensor instanceof PickledTensor)) throw misused(context, "a parameter that is no tensor");
  return tensor;
};

/** (rebuild function, class, arguments, state): a tensor with attributes, or of a subclass; the tensor is what counts. */
const rebuildFromType: Constructor = ([maker, , args], context) => {
  const known = maker instanceof PickleGlobal ? constructors.get(String(maker)) : undefined;
  if (!known || known === rebuildFromType || !isSequence(args)) throw misused(context, "a tensor of an unknown making");
  return known(args, context, maker as PickleGlobal);
};

/** A storage written as a torch file of its own, inside of the pickle. */
const loadFromBytes: Constructor = ([bytes], context) => {
  if (!(bytes instanceof Uint8Array)) throw misused(context, "a storage that is no bytes");
  return context.nested(bytes);
};

const constructors = new Map<string, Constructor>([
  ["torch._utils._rebuild_tensor", rebuildTensor],
  ["torch._utils._rebuild_tensor_v2", rebuildTensor],
  ["torch._utils._rebuild_tensor_v3", rebuildTyped],
  ["torch._utils._rebuild_parameter", rebuildParameter],
  ["torch._utils._rebuild_parameter_with_state", rebuildParameter],
  ["torch._tensor._rebuild_from_type_v2", rebuildFromType],
  ["torch.storage._load_from_bytes", loadFromBytes],
  ["torch.Size", ([extents], context) => sizeOf(context, extents)],
]);

/** What a torch pickle may call. */
export const torchConstructors: readonly [string, Constructor][] = [...constructors];

function sizeOf(context: PickleContext, extents: PickleValue | undefined): PickleValue {
  if (!isShape(extents)) throw misused(context, "a torch.Size without extents");
  return extents;
}

function rebuild(
  context: PickleContext,
  storage: PickledStorage,
  dtype: DType,
  offset: PickleValue | undefined,
  shape: PickleValue | undefined,
  strides: PickleValue | undefined,
): PickledTensor {
  if (!isShape(shape) || !isShape(strides) || !isShape([offset]) || shape.length !== strides.length)
    throw misused(context, "a tensor without offset, size and strides");
  context.budget.spend(cost.tensor + 2 * cost.element * shape.length);
  const tensor = new PickledTensor();
  tensor.dtype = dtype;
  tensor.shape = Object.freeze([...shape]);
  context.later(() => {
    tensor.data = layOut(context, storage, tensor, offset as number, strides);
  });
  return tensor;
}

/** The tensor's elements, dense: a view of the storage where they lie so, else a copy. */
function layOut(
  context: PickleContext,
  storage: PickledStorage,
  { dtype, shape }: PickledTensor,
  offset: number,
  strides: readonly number[],
): Uint8Array {
  const size = elementBytes[dtype];
  const bytes = storage.view(context);
  const start = offset * size;
  const end = start + reach(shape, strides) * size;
  if (!(end <= bytes.byteLength)) {
    const message = `a tensor of shape [${shape}], strides [${strides}] and offset ${offset} reaches beyond its storage`;
    throw misused(context, `${message} of ${bytes.byteLength} bytes`);
  }
  const count = elementCount(shape);
  if (isDense(shape, strides)) return bytes.subarray(start, start + count * size);
  context.budget.copy(count * size);
  return gather(bytes.subarray(start, end), size, shape, strides);
}
