/**
 * The rules of batching, on a device that computes when the test says so: nothing here depends on time.
 * Fake: the device. Real: queue, batches, turns.
 */
import { describe, expect, it } from "@jest/globals";
import type { TensorSpec } from "@tandem/graph";
import type { Batch, BatchDevice, BatchResult } from "./batch.js";
import { Batcher, type BatchReport } from "./batcher.js";
import { DeviceGate, type Turn } from "./device-gate.js";

const inputs: TensorSpec[] = [{ name: "x", type: "float32", shape: ["N", 2] }];
const outputs: TensorSpec[] = [
  { name: "double", type: "float32", shape: ["N", 2] },
  { name: "sum", type: "float32", shape: ["N"] },
];

/** Computes 2x and the sum of x when told to. */
class ManualDevice implements BatchDevice {
  readonly batches: Batch[] = [];
  readonly #finish: ((error?: Error) => void)[] = [];
  readonly #starts: (() => void)[] = [];
  preparing: Promise<void> | undefined;

  constructor(readonly gate = new DeviceGate()) {}

  prepare(): Promise<void> | undefined {
    return this.preparing;
  }

  request(turn: Turn): void {
    this.gate.request(turn);
  }

  run(batch: Batch): Promise<BatchResult> {
    this.batches.push(batch);
    for (const resolve of this.#starts.splice(0)) resolve();
    return new Promise((resolve, reject) => {
      this.#finish.push((error) => (error ? reject(error) : resolve(compute(batch))));
    });
  }

  /** When this many batches have started. */
  async started(count: number): Promise<void> {
    while (this.batches.length < count) await new Promise<void>((resolve) => this.#starts.push(resolve));
  }

  /** Finishes the batch that computes. */
  finish(error?: Error): void {
    this.#finish.shift()!(error);
  }

  /** Samples of each batch. */
  get sizes(): number[] {
    return this.batches.map(({ count }) => count);
  }
}

function compute({ count, inputs: { x }, outputs: names }: Batch): BatchResult {
  const data = x!;
  const all: Record<string, Float32Array> = {
    double: data.map((value) => value * 2),
    sum: Float32Array.from({ length: count }, (_, i) => data[2 * i]! + data[2 * i + 1]!),
  };
  return {
    outputs: Object.fromEntries(names.map((name) => [name, all[name]!])),
    computeMs: 10 * count,
    buffers: { x: data.buffer },
  };
}

function setup(options: { maxBatchSize?: number; queueLimit?: number; device?: ManualDevice } = {}) {
  const device = options.device ?? new ManualDevice();
  const reports: BatchReport[] = [];
  const { maxBatchSize = 4, queueLimit = 8 } = options;
  const onBatch = (report: BatchReport) => reports.push(report);
  const batcher = new Batcher({ inputs, outputs, maxBatchSize, queueLimit, device, onBatch });
  const ask = (value: number, { count = 1, ...rest }: { count?: number; client?: string; signal?: AbortSignal } = {}) =>
    batcher.evaluate({ count, inputs: { x: new Float32Array(count * 2).fill(value) }, ...rest });
  return { device, batcher, ask, reports };
}

const values = async (result: ReturnType<Batcher["evaluate"]>) => [...(await result).outputs.double!];

describe("a batcher", () => {
  it("puts requests that arrive together into one batch and gives each its share", async () => {
    const { device, ask } = setup();
    const results = [ask(1), ask(2, { count: 2 }), ask(3)];
    await device.started(1);
    device.finish();
    expect(await Promise.all(results.map(values))).toEqual([
      [2, 2],
      [4, 4, 4, 4],
      [6, 6],
    ]);
    expect(device.sizes).toEqual([4]);
  });

  it("makes the next batch of whatever gathered while one computed", async () => {
    const { device, ask } = setup();
    const first = ask(1);
    await device.started(1);
    const rest = [ask(2), ask(3), ask(4)];
    device.finish();
    await first;
    await device.started(2);
    device.finish();
    await Promise.all(rest);
    expect(device.sizes).toEqual([1, 3]);
  });

  it("keeps clients in lockstep in one batch, also after one of them ran alone", async () => {
    const { device, ask } = setup();
    const loop = async (client: string) => {
      for (let step = 0; step < 3; step++) await ask(step, { client });
    };
    const early = loop("early");
    await device.started(1);
    const others = [loop("b"), loop("c"), loop("d")];
    for (let batch = 1; batch <= 4; batch++) {
      await device.started(batch);
      device.finish();
    }
    await Promise.all([early, ...others]);
    expect(device.sizes).toEqual([1, 4, 4, 3]);
  });

  it("starts a full batch before the results of the last one are handled", async () => {
    const { device, ask } = setup({ maxBatchSize: 2 });
    const order: string[] = [];
    const first = ask(1).then(() => order.push(`results, ${device.batches.length} started`));
    await device.started(1);
    const rest = [ask(2), ask(3)];
    device.finish();
    await first;
    expect(order).toEqual(["results, 2 started"]);
    device.finish();
    await Promise.all(rest);
  });

  it("computes only the outputs that somebody in the batch wants", async () => {
    const { device, batcher } = setup();
    const request = { count: 1, inputs: { x: Float32Array.of(1, 2) } };
    const sum = batcher.evaluate({ ...request, outputs: ["sum"] });
    await device.started(1);
    device.finish();
    expect(Object.keys((await sum).outputs)).toEqual(["sum"]);
    expect(device.batches[0]!.outputs).toEqual(["sum"]);
    const both = [batcher.evaluate({ ...request, outputs: ["sum"] }), batcher.evaluate(request)];
    await device.started(2);
    device.finish();
    expect((await Promise.all(both)).map((result) => Object.keys(result.outputs))).toEqual([
      ["sum"],
      ["double", "sum"],
    ]);
  });

  it("refuses more than the queue holds, and says when to come back from measured time", async () => {
    const { device, ask } = setup({ maxBatchSize: 2, queueLimit: 4 });
    const warm = ask(0);
    await device.started(1);
    device.finish();
    await warm;
    const running = ask(1);
    await device.started(2);
    const waiting = [ask(2, { count: 2 }), ask(3, { count: 2 })];
    const refused = await ask(4).catch((error) => error);
    expect(refused).toMatchObject({ reason: "QUEUE_FULL", details: { retryAfterMs: 50, metadata: { max: 4 } } });
    for (let batch = 3; batch <= 4; batch++) {
      device.finish();
      await device.started(batch);
    }
    device.finish();
    await Promise.all([running, ...waiting]);
  });

  it("drops cancelled work that waits, without computing it", async () => {
    const { device, ask } = setup();
    const cancel = new AbortController();
    const running = ask(1);
    await device.started(1);
    const dropped = ask(2, { signal: cancel.signal });
    const kept = ask(3);
    cancel.abort(new Error("closed tab"));
    await expect(dropped).rejects.toThrow("closed tab");
    device.finish();
    await running;
    await device.started(2);
    device.finish();
    expect(await values(kept)).toEqual([6, 6]);
    expect(device.sizes).toEqual([1, 1]);
  });

  it("rejects cancelled work that computes at once, and the others get theirs", async () => {
    const { device, ask } = setup();
    const cancel = new AbortController();
    const dropped = ask(1, { signal: cancel.signal });
    const kept = ask(2);
    await device.started(1);
    cancel.abort();
    await expect(dropped).rejects.toMatchObject({ name: "AbortError" });
    device.finish();
    expect(await values(kept)).toEqual([4, 4]);
  });

  it("leaves no listener on a signal that outlives the request", async () => {
    const { device, ask } = setup();
    let listeners = 0;
    const signal = new AbortController().signal;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners--;
      removeEventListener.apply(signal, args);
    };
    const result = ask(1, { signal });
    await device.started(1);
    device.finish();
    await result;
    expect(listeners).toBe(0);
  });

  it("goes on after everything that waited was cancelled before its turn", async () => {
    const { device, ask, batcher } = setup();
    const cancel = new AbortController();
    const dropped = ask(1, { signal: cancel.signal });
    cancel.abort();
    await expect(dropped).rejects.toMatchObject({ name: "AbortError" });
    await batcher.idle();
    const next = ask(2);
    await device.started(1);
    device.finish();
    expect(await values(next)).toEqual([4, 4]);
  });

  it("fails a batch for all who are in it, and only for them", async () => {
    const { device, ask, reports } = setup();
    const failing = [ask(1), ask(2)];
    await device.started(1);
    const next = ask(3);
    device.finish(new Error("device lost"));
    expect((await Promise.allSettled(failing)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await device.started(2);
    device.finish();
    expect(await values(next)).toEqual([6, 6]);
    expect(reports.map(({ hasFailed }) => hasFailed)).toEqual([true, false]);
  });

  it("fails rather than computes on data that was moved away while it waited", async () => {
    const { device, batcher, ask } = setup();
    const x = Float32Array.of(1, 2);
    const moved = batcher.evaluate({ count: 1, inputs: { x } });
    x.buffer.transfer();
    await expect(moved).rejects.toThrow("moved away");
    const next = ask(3);
    await device.started(1);
    device.finish();
    expect(await values(next)).toEqual([6, 6]);
  });

  it("waits for a network that must be loaded again, and fails what waits when it cannot be", async () => {
    const device = new ManualDevice();
    const { ask, batcher } = setup({ device });
    device.preparing = Promise.reject(new Error("file gone"));
    await expect(ask(1)).rejects.toThrow("file gone");
    let isLoaded = () => {};
    device.preparing = new Promise((resolve) => {
      isLoaded = resolve;
    });
    const results = [ask(1), ask(2)];
    isLoaded();
    await device.started(1);
    device.finish();
    await Promise.all(results);
    await batcher.idle();
    expect(device.sizes).toEqual([2]);
  });

  it("alternates between networks on one device", async () => {
    const gate = new DeviceGate();
    const [a, b] = [
      setup({ device: new ManualDevice(gate), maxBatchSize: 1 }),
      setup({ device: new ManualDevice(gate) }),
    ];
    const many = [a.ask(1), a.ask(2), a.ask(3)];
    await a.device.started(1);
    const one = b.ask(4);
    await new Promise(setImmediate);
    expect(b.device.batches).toHaveLength(0);
    a.device.finish();
    await b.device.started(1);
    expect(a.device.batches).toHaveLength(1);
    b.device.finish();
    await one;
    await a.device.started(2);
    a.device.finish();
    await a.device.started(3);
    a.device.finish();
    await Promise.all(many);
  });

  it.each([
    ["no samples", { count: 0, inputs: { x: new Float32Array(0) } }, "FIELD_INVALID", "count"],
    ["half a sample", { count: 1.5, inputs: { x: new Float32Array(3) } }, "FIELD_INVALID", "count"],
    ["more than a batch", { count: 5, inputs: { x: new Float32Array(10) } }, "BATCH_TOO_LARGE", "count"],
    ["a missing input", { count: 1, inputs: {} }, "FIELD_INVALID", "inputs.x"],
    ["an input too short", { count: 2, inputs: { x: new Float32Array(2) } }, "TENSOR_SIZE_MISMATCH", "inputs.x"],
    [
      "an unknown input",
      { count: 1, inputs: { x: new Float32Array(2), y: new Float32Array(2) } },
      "FIELD_INVALID",
      "inputs",
    ],
    ["an unknown output", { count: 1, inputs: { x: new Float32Array(2) }, outputs: ["z"] }, "FIELD_INVALID", "outputs"],
    ["no output", { count: 1, inputs: { x: new Float32Array(2) }, outputs: [] }, "FIELD_INVALID", "outputs"],
  ])("refuses %s", async (_, request, reason, field) => {
    const { batcher } = setup();
    const refusal = batcher.evaluate(request as Parameters<Batcher["evaluate"]>[0]);
    await expect(refusal).rejects.toMatchObject({ reason, details: { field } });
    expect(batcher.isIdle).toBe(true);
  });
});
