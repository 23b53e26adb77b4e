/** @file What LoadModel and CountFlops ask for, checked. */
import { type CountFlopsRequest, DataType, type FileRef, type LoadModelRequest } from "@tandem/contracts";
import { DomainError, invalid } from "@tandem/errors";
import { readNetworkConfig } from "@tandem/network-messages";
import type { CostSubject } from "./cost-counter.js";
import { computeTypeOf } from "./model-message.js";
import { checkModelName } from "./model-name.js";
import type { ComputeType, LoadSettings, ModelSource } from "./model-source.js";

const SHA256 = /^[0-9a-fA-F]{64}$/;
const PROVIDER = /^([a-z0-9_-]+(:\d+)?)?$/;

/** Where the model comes from; undefined when the request leaves it to what is known. @throws DomainError FIELD_INVALID */
export function readSource(source: LoadModelRequest["source"]): ModelSource | undefined {
  if (!source) return undefined;
  if (source.$case === "weights") return readWeights(source.value, "weights");
  return { kind: "network", config: readNetworkConfig(source.value, "network") };
}

/** @throws DomainError FIELD_INVALID, DATA_TYPE_UNSUPPORTED */
export function readSettings({ provider, requireProvider, computeType }: LoadModelRequest): LoadSettings {
  if (!PROVIDER.test(provider)) throw invalid("provider", provider, 'a provider such as "cpu" or "webgpu:0", or empty');
  if (requireProvider && provider === "") throw invalid("require_provider", true, "unset when provider is empty");
  return { provider, requireProvider, computeType: readComputeType(computeType) };
}

/** What to count. @throws DomainError FIELD_INVALID */
export function readSubject(subject: CountFlopsRequest["subject"]): CostSubject {
  switch (subject?.$case) {
    case "model":
      return { kind: "model", name: checkModelName(subject.value, "model") };
    case "weights":
      return readWeights(subject.value, "weights");
    case "network":
      return { kind: "network", config: readNetworkConfig(subject.value, "network") };
    case undefined:
      throw invalid("subject", undefined, "model, weights or network");
  }
}

function readWeights({ uri, sha256 }: FileRef, field: string): Extract<ModelSource, { kind: "weights" }> {
  if (uri === "") throw invalid(`${field}.uri`, undefined, "a file: or https: URI");
  if (sha256 !== "" && !SHA256.test(sha256))
    throw invalid(`${field}.sha256`, sha256, "64 hexadecimal digits, or empty");
  return { kind: "weights", uri, sha256: sha256.toLowerCase() };
}

function readComputeType(dataType: DataType): ComputeType | undefined {
  if (dataType === DataType.DATA_TYPE_UNSPECIFIED) return undefined;
  const computeType = computeTypeOf(dataType);
  if (computeType) return computeType;
  const supported = "DATA_TYPE_FLOAT32, DATA_TYPE_FLOAT16";
  throw new DomainError(
    "DATA_TYPE_UNSUPPORTED",
    `compute_type is ${DataType[dataType] ?? dataType}; it must be ${supported}`,
    {
      field: "compute_type",
      metadata: { supported },
    },
  );
}
