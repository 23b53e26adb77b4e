/** @file What a loaded network offers: evaluations, batched with everybody else's. */
import type { TensorSpec } from "@tandem/graph";

/** What really runs a network, and what was asked for. */
export interface Execution {
  /** Provider that runs the network's nodes: "cpu", "cuda", "webgpu", ... */
  readonly provider: string;
  /** Provider asked for; differs after a fallback. */
  readonly requestedProvider: string;
  /** Device in words. */
  readonly device: string;
  /** Runtime and version, e.g. "onnxruntime 1.30.0". */
  readonly runtime: string;
  /** Memory taken by weights and session, bytes, as measured or estimated at load. */
  readonly memoryBytes: number;
}

/** Where the time of an evaluation went. */
export interface EvaluationTiming {
  /** From the call until the batch began to compute, milliseconds. */
  readonly queueMs: number;
  /** The batch's compute, milliseconds. */
  readonly computeMs: number;
}

/** One client's share of a batch. */
export interface EvaluationRequest {
  /** Samples, 1 to maxBatchSize: the first extent of every input. */
  readonly count: number;
  /** Data of every graph input by name. Read when the batch forms, so unchanged until the promise settles. */
  readonly inputs: Readonly<Record<string, Float32Array>>;
  /** Outputs wanted; default all. */
  readonly outputs?: readonly string[];
  /** Whom the work is for: the queue is fair between clients. */
  readonly client?: string;
  /** Drops the request while it waits; once its batch computes, rejects and discards its share. */
  readonly signal?: AbortSignal | undefined;
}

/** One client's share of a batch's results. */
export interface EvaluationResult {
  /** By output name; views that nobody else writes to. */
  readonly outputs: Readonly<Record<string, Float32Array>>;
  readonly timing: EvaluationTiming;
}

/** A network in memory, ready to be evaluated. */
export interface Evaluator {
  readonly execution: Execution;
  /** Inputs and outputs; the first extent of each is the batch: "N", or a number where the graph fixes it. */
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Most samples in one batch, so also in one request; of a graph that fixes its batch, that number at most. */
  readonly maxBatchSize: number;
  /**
   * Evaluates. Requests waiting for the same network form the next batch; a request's result does not depend on its batch.
   * @throws DomainError QUEUE_FULL (with a delay), BATCH_TOO_LARGE, MODEL_NOT_READY (unloaded), OUT_OF_MEMORY; the signal's reason
   */
  evaluate(request: EvaluationRequest): Promise<EvaluationResult>;
}
