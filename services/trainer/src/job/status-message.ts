/** @file A run's status as the contract says it. */
import { availableParallelism, cpus } from "node:os";
import { DataType, type Execution, TrainingStatus, toDuration } from "@tandem/contracts";
import type { RunStatus } from "../run/tick.js";

/** The status as a message. */
export function writeStatus(status: RunStatus, execution: Execution): TrainingStatus {
  const { nimg, nonfiniteGradients, hostMemoryBytes, runSeconds, emaBetas, statistics, ...same } = status;
  return TrainingStatus.fromPartial({
    ...same,
    nimg: BigInt(nimg),
    emaBetas: [...emaBetas],
    runTime: toDuration(runSeconds * 1000),
    nonfiniteGradients: BigInt(nonfiniteGradients),
    hostMemoryBytes: BigInt(hostMemoryBytes),
    statistics: { ...statistics },
    execution,
  });
}

/** What computes here: threads of this machine's processor. */
export function execution(threads: number): Execution {
  const model = cpus()[0]?.model.trim() ?? "";
  return {
    provider: "cpu",
    requestedProvider: "",
    computeType: DataType.DATA_TYPE_FLOAT32,
    device: `${model}, ${Math.min(threads, availableParallelism())} threads`.replace(/^, /, ""),
    runtime: "onnxruntime",
    memoryBytes: 0n,
  };
}
