/** @file A dataset request, checked field by field, with its defaults. */
import { type ConvertOperation, DatasetSpec, DatasetTransform, LabelSource } from "@tandem/contracts";
import { invalid } from "@tandem/errors";
import { integer, known, present } from "@tandem/rpc";

const MAX_SIDE = 8192;
const MAX_WORKERS = 64;
const MAX_BATCH = 256;
const DEFAULT_BATCH = 4;
const AUTOENCODER = "stabilityai/sd-vae-ft-mse";

/** Transforms by the names that libs/datasets has for them. */
export const transforms = {
  [DatasetTransform.DATASET_TRANSFORM_UNSPECIFIED]: "none",
  [DatasetTransform.DATASET_TRANSFORM_CENTER_CROP]: "center-crop",
  [DatasetTransform.DATASET_TRANSFORM_CENTER_CROP_WIDE]: "center-crop-wide",
  [DatasetTransform.DATASET_TRANSFORM_CENTER_CROP_DHARIWAL]: "center-crop-dhariwal",
} as const satisfies Partial<Record<DatasetTransform, string>>;

/** Sources of labels by their short names. */
export const labelSources = {
  [LabelSource.LABEL_SOURCE_UNSPECIFIED]: "auto",
  [LabelSource.LABEL_SOURCE_JSON]: "json",
  [LabelSource.LABEL_SOURCE_FOLDERS]: "folders",
  [LabelSource.LABEL_SOURCE_NONE]: "none",
} as const satisfies Partial<Record<LabelSource, string>>;

type Operation = NonNullable<DatasetSpec["operation"]>;

/** @param threads of the server: what `workers` means when it is not given @throws DomainError FIELD_INVALID naming the field */
export function resolveSpec(spec: DatasetSpec, threads: number): DatasetSpec {
  const operation = resolveOperation(present(spec.operation, "spec.operation"), threads);
  const isMaking = operation.$case !== "check";
  for (const [name, uri] of [
    ["output_uri", spec.outputUri],
    ["contact_sheet_uri", spec.contactSheetUri],
  ] as const)
    if (!isMaking && uri !== "") throw invalid(`spec.${name}`, uri, "empty: a check makes nothing");
  if (spec.outputUri !== "" && !/(\.zip|\/)$/i.test(spec.outputUri))
    throw invalid("spec.output_uri", spec.outputUri, 'a file that ends in .zip, or a folder that ends in "/"');
  if (spec.contactSheetUri !== "" && operation.$case === "encode")
    throw invalid("spec.contact_sheet_uri", spec.contactSheetUri, "empty: latents are no pictures");
  if (spec.contactSheetUri !== "" && !/\.png$/i.test(spec.contactSheetUri))
    throw invalid("spec.contact_sheet_uri", spec.contactSheetUri, "a file that ends in .png");
  return { ...spec, operation };
}

function resolveOperation(operation: Operation, threads: number): Operation {
  switch (operation.$case) {
    case "convert":
      return { $case: "convert", value: resolveConvert(operation.value, threads) };
    case "encode":
      return { $case: "encode", value: resolveCoder(operation.value, "spec.encode") };
    case "decode":
      return { $case: "decode", value: resolveCoder(operation.value, "spec.decode") };
    case "check":
      return operation;
  }
}

function resolveConvert(convert: ConvertOperation, threads: number): ConvertOperation {
  const { transform, width, height, workers } = convert;
  known(transform, transforms, DatasetTransform, "spec.convert.transform");
  known(convert.labelSource, labelSources, LabelSource, "spec.convert.label_source");
  integer(width, 0, MAX_SIDE, "spec.convert.width");
  integer(height, 0, MAX_SIDE, "spec.convert.height");
  if ((width === 0) !== (height === 0))
    throw invalid(
      `spec.convert.${width === 0 ? "width" : "height"}`,
      0,
      "given where the other is: a resolution has both",
    );
  if (width === 0 && transform !== DatasetTransform.DATASET_TRANSFORM_UNSPECIFIED)
    throw invalid("spec.convert.width", 0, "given: a crop needs a resolution");
  if (transform === DatasetTransform.DATASET_TRANSFORM_CENTER_CROP_DHARIWAL && width !== height)
    throw invalid("spec.convert.height", height, `${width}, as the width: this crop is square`);
  if (convert.labels && convert.labelSource !== LabelSource.LABEL_SOURCE_UNSPECIFIED)
    throw invalid("spec.convert.label_source", LabelSource[convert.labelSource], "absent: a labels file is given");
  return {
    ...convert,
    workers: integer(workers, 0, MAX_WORKERS, "spec.convert.workers") || Math.min(threads, MAX_WORKERS),
  };
}

function resolveCoder<T extends { autoencoder: string; batchSize: number }>(coder: T, field: string): T {
  return {
    ...coder,
    autoencoder: coder.autoencoder || AUTOENCODER,
    batchSize: integer(coder.batchSize, 0, MAX_BATCH, `${field}.batch_size`) || DEFAULT_BATCH,
  };
}
