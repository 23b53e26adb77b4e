/** @file A model as the contract's Model message. */
import {
  AuxiliaryOutput,
  DataType,
  type Execution as ExecutionMessage,
  Model,
  ModelKind,
  ModelState as State,
  type Status,
  wireTypes,
} from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { writeAutoencoderConfig, writeEncoding, writeNetworkConfig, writeProvenance } from "@tandem/network-messages";
import { toStatusMessage } from "@tandem/rpc";
import type { Execution } from "@tandem/runtime";

import type { Auxiliary, ModelFacts } from "./model-facts.js";
import type { ComputeType, LoadSettings } from "./model-source.js";
import type { ModelRecord, ModelState } from "./model-store.js";

const states: Record<ModelState, State> = {
  UNLOADED: State.MODEL_STATE_UNLOADED,
  LOADING: State.MODEL_STATE_LOADING,
  READY: State.MODEL_STATE_READY,
  FAILED: State.MODEL_STATE_FAILED,
};

/** google.rpc.Code of a bug. */
const INTERNAL = 13;

/** The contract's name of each auxiliary output. */
export const auxiliaryOutputs: Record<Auxiliary, AuxiliaryOutput> = {
  logvar: AuxiliaryOutput.AUXILIARY_OUTPUT_LOGVAR,
  log_density: AuxiliaryOutput.AUXILIARY_OUTPUT_LOG_DENSITY,
};

const computeTypes: Record<ComputeType, DataType> = {
  float32: DataType.DATA_TYPE_FLOAT32,
  float16: DataType.DATA_TYPE_FLOAT16,
};

/** The model as a message; what is not known yet is absent. */
export function writeModel(record: ModelRecord): Model {
  const { name, state, source, settings, facts, loaded, error } = record;
  return Model.fromPartial({
    name,
    displayName: name.slice("models/".length),
    kind: kindOf(record),
    state: states[state],
    error: error && writeError(error),
    wireTypes: wireTypes.map(({ dataType }) => dataType),
    source: source.kind === "weights" ? { uri: source.uri, sha256: source.sha256 } : undefined,
    network: source.kind === "network" ? writeNetworkConfig(source.config) : undefined,
    ...(facts && writeFacts(facts)),
    ...(loaded && {
      maxBatchSize: loaded.maxBatchSize,
      execution: writeExecution(loaded.execution, settings),
    }),
  });
}

/** What runs a model. */
export function writeExecution(execution: Execution, { provider, computeType }: LoadSettings): ExecutionMessage {
  return {
    provider: execution.provider,
    requestedProvider: provider === "auto" ? "" : provider, // the server's choice was no request
    computeType: computeType ? computeTypes[computeType] : DataType.DATA_TYPE_UNSPECIFIED,
    device: execution.device,
    runtime: execution.runtime,
    memoryBytes: BigInt(Math.round(execution.memoryBytes)),
  };
}

/** Compute types by the contract's names; the reverse of what Model says. */
export function computeTypeOf(dataType: DataType): ComputeType | undefined {
  return (Object.keys(computeTypes) as ComputeType[]).find((computeType) => computeTypes[computeType] === dataType);
}

/** Before the weights were read, of a file that may be either, a denoiser: what most are. */
const kindOf = ({ facts }: ModelRecord): ModelKind =>
  facts?.kind === "autoencoder" ? ModelKind.MODEL_KIND_AUTOENCODER : ModelKind.MODEL_KIND_DENOISER;

function writeFacts(facts: ModelFacts): Partial<Model> {
  if (facts.kind === "autoencoder")
    return {
      sampleShape: [...facts.sampleShape],
      weightsDigest: facts.digest,
      wireTypes: [DataType.DATA_TYPE_UINT8, ...wireTypes.map(({ dataType }) => dataType)],
      network: writeAutoencoderConfig(facts.config),
      parameterCount: BigInt(facts.parameterCount),
    };
  return {
    sampleShape: [...facts.sampleShape],
    labelDim: facts.labelDim,
    sigmaMin: facts.sigmaRange.min,
    sigmaMax: facts.sigmaRange.max,
    weightsDigest: facts.digest,
    auxiliaryOutputs: facts.auxiliary.map((name) => auxiliaryOutputs[name]),
    encoding: writeEncoding(facts.encoding),
    network: facts.config && writeNetworkConfig(facts.config),
    parameterCount: BigInt(facts.parameterCount),
    provenance: writeProvenance(facts.provenance),
  };
}

/** Why loading failed. What is no DomainError is a bug: its text stays in the log. */
function writeError(error: Error): Status {
  if (error instanceof DomainError) return toStatusMessage(error);
  return { code: INTERNAL, message: "internal error", details: [] };
}
