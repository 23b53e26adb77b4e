/**
 * A thread that dies takes one batch with it, not the process and not the requests behind it.
 * Fake: what runs in the threads. Real: threads, their death, and everything in the main thread.
 */
import { describe, expect, it } from "@jest/globals";
import type { DomainError } from "@tandem/errors";
import type { TensorSpec } from "@tandem/graph";
import { DeviceGate } from "./device-gate.js";
import { LoadedModel, type OpenSession } from "./loaded-model.js";
import type { ModelState } from "./model-state.js";
import { SessionHost } from "./session-host.js";

/** A thread that runs this for every batch. */
const thread = (onRun: string): URL =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`
      import { parentPort } from "node:worker_threads";
      const answer = (message) => parentPort.postMessage(message);
      parentPort.on("message", (message) => {
        if (message.kind === "close") parentPort.close();
        else { ${onRun} }
      });`)}`,
  );

const working = thread(`answer({ kind: "ran", outputs: { y: message.inputs.x }, computeMs: 1, buffers: {} });`);
const exiting = thread("process.exit(3);");
const throwing = thread(`throw new Error("a native failure");`);
const starved = thread(`answer({ kind: "run-failed", message: "Failed to allocate memory for requested buffer" });`);

const inputs: TensorSpec[] = [{ name: "x", type: "float32", shape: ["N"] }];
const outputs: TensorSpec[] = [{ name: "y", type: "float32", shape: ["N"] }];
const execution = { provider: "cpu", requestedProvider: "cpu", device: "CPU", runtime: "none", memoryBytes: 1 };

/** A model whose sessions live in these threads, one after the other; the last one serves for all later ones. */
async function model(threads: URL[], specs: TensorSpec[][] = [outputs]) {
  const states: ModelState[] = [];
  const gate = new DeviceGate();
  const open = async (onLost: () => void): Promise<OpenSession> => {
    const host = new SessionHost("net", onLost, threads.length > 1 ? threads.shift()! : threads[0]!);
    const named = specs.length > 1 ? specs.shift()! : specs[0]!;
    return { run: (batch) => host.run(batch), close: () => host.close(), gate, execution, inputs, outputs: named };
  };
  const onState = (state: ModelState) => states.push(state);
  const loaded = await LoadedModel.open({
    name: "net",
    maxBatchSize: 1,
    queueLimit: 8,
    open,
    onState,
    onBatch: undefined,
  });
  return { loaded, states };
}

const ask = async (loaded: LoadedModel, value: number) =>
  (await loaded.evaluate({ count: 1, inputs: { x: Float32Array.of(value) } })).outputs.y![0];

describe("a network whose thread dies", () => {
  it.each([
    ["exits", exiting, "exit code 3"],
    ["throws", throwing, "a native failure"],
  ])("fails the batch that computed when it %s, and computes the next in a new thread", async (_, dying, why) => {
    const { loaded, states } = await model([dying, working]);
    const [lost, next] = [ask(loaded, 1), ask(loaded, 2)];
    const error = await lost.catch((reason: DomainError) => reason);
    expect(error).toMatchObject({ reason: "WORKER_LOST" });
    expect((error as DomainError).message).toContain(why);
    expect(await next).toBe(2);
    expect(states).toEqual(["loading", "ready", "evicted", "loading", "ready"]);
    await loaded.unload();
  });

  it("stays usable when it dies again and again", async () => {
    const { loaded } = await model([exiting, exiting, exiting, working]);
    for (let i = 0; i < 3; i++) await expect(ask(loaded, i)).rejects.toMatchObject({ reason: "WORKER_LOST" });
    expect(await ask(loaded, 7)).toBe(7);
    await loaded.unload();
  });

  it("is refused when its source has become another network", async () => {
    const { loaded } = await model([exiting, working], [outputs, [{ name: "z", type: "float32", shape: ["N"] }]]);
    await expect(ask(loaded, 1)).rejects.toMatchObject({ reason: "WORKER_LOST" });
    await expect(ask(loaded, 2)).rejects.toMatchObject({ reason: "MODEL_NOT_READY" });
    await loaded.unload();
  });
});

describe("a batch too large for the memory", () => {
  it("is refused with that reason, and the session lives on", async () => {
    const { loaded, states } = await model([starved]);
    await expect(ask(loaded, 1)).rejects.toMatchObject({ reason: "OUT_OF_MEMORY" });
    await expect(ask(loaded, 1)).rejects.toMatchObject({ reason: "OUT_OF_MEMORY" });
    expect(states).toEqual(["loading", "ready"]);
    await loaded.unload();
  });
});
