/** @file Continuous batching: whatever waits for a network when its device becomes free is the next batch. */
import { DomainError } from "@tandem/errors";
import { type BatchDevice, type BatchResult, gather, share } from "./batch.js";
import { checkRequest, type RequestLimits } from "./check-request.js";
import type { EvaluationRequest, EvaluationResult } from "./evaluator.js";
import { FairQueue } from "./fair-queue.js";

/** A batch that was computed, or failed. */
export interface BatchReport {
  readonly requests: number;
  readonly samples: number;
  /** Time each request waited, milliseconds. */
  readonly queueMs: readonly number[];
  /** Compute alone, milliseconds; 0 when it failed. */
  readonly computeMs: number;
  readonly hasFailed: boolean;
}

/** What a Batcher needs to know. */
export interface BatcherOptions extends RequestLimits {
  readonly device: BatchDevice;
  /** Samples that may wait; one request always may. */
  readonly queueLimit: number;
  readonly onBatch?: (report: BatchReport) => void;
}

interface Job {
  readonly client: string;
  readonly count: number;
  readonly request: EvaluationRequest;
  readonly since: number;
  readonly resolve: (result: EvaluationResult) => void;
  /** Rejects, once: a later outcome is ignored. */
  readonly reject: (error: unknown) => void;
}

/**
 * No timer holds a batch back. A free device starts after the event loop has handed over the messages that have already
 * arrived, so that clients in lockstep stay in one batch; a full batch starts at once.
 */
export class Batcher {
  readonly #options: BatcherOptions;
  readonly #queue = new FairQueue<Job>();
  readonly #idleWaiters: (() => void)[] = [];
  #buffers: Readonly<Record<string, ArrayBuffer>> = {};
  /** A turn on the device is asked for, or taken. */
  #isScheduled = false;
  #running = 0;
  /** Compute time of a sample, milliseconds: a running mean of the last few batches. */
  #sampleMs: number | undefined;

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  /** What waits and what computes. */
  get load(): { waitingRequests: number; waitingSamples: number; runningSamples: number } {
    return {
      waitingRequests: this.#queue.requests,
      waitingSamples: this.#queue.samples,
      runningSamples: this.#running,
    };
  }

  get isIdle(): boolean {
    return this.#running === 0 && this.#queue.requests === 0;
  }

  /** See Evaluator.evaluate. */
  async evaluate(request: EvaluationRequest): Promise<EvaluationResult> {
    request.signal?.throwIfAborted();
    const checked = checkRequest(request, this.#options);
    const { queueLimit } = this.#options;
    const waiting = this.#queue.samples;
    if (waiting > 0 && waiting + checked.count > queueLimit) {
      throw new DomainError("QUEUE_FULL", `${waiting} samples wait; the queue holds ${queueLimit}`, {
        metadata: { max: queueLimit },
        retryAfterMs: this.#drainMs(),
      });
    }
    return new Promise((resolve, reject) => {
      this.#enqueue(checked, resolve, reject);
    });
  }

  /** Rejects everything that waits; what computes goes on. */
  rejectWaiting(error: unknown): void {
    for (const job of this.#queue.drain()) job.reject(error);
    this.#settleIdle();
  }

  /** When nothing waits or computes any more. */
  idle(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idleWaiters.push(resolve);
    });
  }

  #enqueue(request: EvaluationRequest, resolve: (r: EvaluationResult) => void, reject: (e: unknown) => void): void {
    const { signal } = request;
    const abort = (): void => {
      this.#queue.remove(job);
      reject(signal!.reason);
      this.#settleIdle();
    };
    const release = (): void => signal?.removeEventListener("abort", abort);
    const job: Job = {
      client: request.client ?? "",
      count: request.count,
      request,
      since: performance.now(),
      resolve: (result) => {
        release();
        resolve(result);
      },
      reject: (error) => {
        release();
        reject(error);
      },
    };
    signal?.addEventListener("abort", abort, { once: true });
    this.#queue.push(job);
    if (!this.#isScheduled) this.#schedule();
  }

  /** Asks for a turn once the messages that have already arrived are read, and the network is in memory. */
  #schedule(): void {
    this.#isScheduled = true;
    setImmediate(() => {
      const preparing = this.#options.device.prepare();
      if (!preparing) return this.#options.device.request(this.#turn);
      preparing.then(
        () => this.#options.device.request(this.#turn),
        (error) => {
          this.#isScheduled = false;
          this.rejectWaiting(error);
        },
      );
    });
  }

  readonly #turn = (release: () => void): void => {
    const jobs = this.#queue.take(this.#options.maxBatchSize);
    const start = performance.now();
    const count = jobs.reduce((sum, job) => sum + job.count, 0);
    if (count === 0) {
      this.#isScheduled = false; // everything was cancelled
      release();
      return;
    }
    this.#running = count;
    const done = (settle: () => void): void => {
      this.#running = 0;
      this.#isScheduled = false;
      // A full batch waits: no use in waiting for more. Started before the results are handled, the device does not idle.
      if (this.#queue.samples >= this.#options.maxBatchSize) {
        this.#isScheduled = true;
        this.#options.device.request(this.#turn);
      }
      release();
      settle();
      if (!this.#isScheduled && this.#queue.requests > 0) this.#schedule();
      this.#settleIdle();
    };
    this.#compute(jobs).then(
      (result) => done(() => this.#succeed(jobs, result, start)),
      (error) => done(() => this.#fail(jobs, error, start)),
    );
  };

  /** Its synchronous part, up to the device's start, runs at once. */
  async #compute(jobs: readonly Job[]): Promise<BatchResult> {
    const buffers = this.#buffers;
    this.#buffers = {};
    const requests = jobs.map((job) => job.request);
    return this.#options.device.run(gather(this.#options.inputs, requests, buffers));
  }

  #succeed(jobs: readonly Job[], result: BatchResult, start: number): void {
    this.#buffers = { ...result.buffers, ...this.#buffers };
    let sample = 0;
    for (const job of jobs) {
      const outputs = share(this.#options.outputs, job.request, sample, result.outputs);
      job.resolve({ outputs, timing: { queueMs: start - job.since, computeMs: result.computeMs } });
      sample += job.count;
    }
    const sampleMs = result.computeMs / sample;
    this.#sampleMs = this.#sampleMs === undefined ? sampleMs : 0.7 * this.#sampleMs + 0.3 * sampleMs;
    this.#report(jobs, start, result.computeMs, false);
  }

  #fail(jobs: readonly Job[], error: unknown, start: number): void {
    for (const job of jobs) job.reject(error);
    this.#report(jobs, start, 0, true);
  }

  #report(jobs: readonly Job[], start: number, computeMs: number, hasFailed: boolean): void {
    const samples = jobs.reduce((sum, job) => sum + job.count, 0);
    const queueMs = jobs.map((job) => start - job.since);
    this.#options.onBatch?.({ requests: jobs.length, samples, queueMs, computeMs, hasFailed });
  }

  #settleIdle(): void {
    if (this.isIdle) for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  /** Until what waits and computes is done, from measured compute time; a second before the first measurement. */
  #drainMs(): number {
    if (this.#sampleMs === undefined) return 1000;
    return Math.max(1, Math.ceil(this.#sampleMs * (this.#queue.samples + this.#running)));
  }
}
