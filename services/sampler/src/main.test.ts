import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { until } from "@tandem/rpc/testing";
import { golden, message, points } from "./testing/golden.js";
import { type RunningSampler, startSampler } from "./testing/start-sampler.js";

const program = fileURLToPath(new URL("main.js", import.meta.url));
const run = (...args: string[]) => promisify(execFile)(process.execPath, [program, ...args]);

describe("the sampler's command line", () => {
  it("explains itself", async () => {
    const { stdout } = await run("--help");
    expect(stdout).toContain("--model NAME=PATH");
  });

  it("ends with 2 and one line when it is used wrongly, with 1 when it cannot start", async () => {
    await expect(run("--threads", "many")).rejects.toMatchObject({ code: 2, stderr: /^sampler: --threads .*\n$/ });
    await expect(run("--models", "/nowhere")).rejects.toMatchObject({ code: 1 });
    await expect(run("--listen", "0.0.0.0:0")).rejects.toMatchObject({ code: 1, stderr: /token/ });
  });
});

describe("the sampler's metrics", () => {
  let sampler: RunningSampler;
  beforeAll(async () => {
    sampler = await startSampler("--metrics-port", "0", "--model", `net=${golden("sampler/net.pkl")}`);
  });
  afterAll(async () => sampler[Symbol.asyncDispose]());

  it("tell of every network its batches, waiting, compute and memory", async () => {
    const source = { $case: "network" as const, value: { architecture: { $case: "toyMlp" as const, value: {} } } };
    await sampler.models.loadModel({ name: "models/toy", source });
    await sampler.denoiser.denoise({ model: "models/toy", x: message(points(3)), sigma: [1] });
    const text = async () => (await fetch(`http://${sampler.server.metricsAddress}/metrics`)).text();
    await until("the batch is counted", async () => (await text()).includes('tandem_batch_samples_sum{model="toy"} 3'));
    for (const line of [
      'tandem_compute_seconds_count{model="toy"} 1',
      'tandem_queue_seconds_count{model="toy"} 1',
      'tandem_waiting_samples{model="net"} 0',
      'tandem_model_memory_bytes{model="net"}',
      "tandem_open_sessions 0",
      "tandem_sampling_samples 0",
      "grpc_server_handled_total",
    ])
      expect(await text()).toContain(line);
  });
});
