/** @file One evaluation of a network, bare, through gRPC, and inside a whole sampling loop. */
import { drawBatch, noiseLevels, sample } from "@tandem/diffusion";
import { labelDim, sampleShape } from "@tandem/networks";
import { connect } from "@tandem/rpc";
import { bareDenoiser } from "./bare.js";
import { denoiseCall, sampleCall, schedule } from "./clients.js";
import { type Measurement, median, paired, time } from "./measure.js";
import { makeBatch, makeNetwork, type NetworkName, networks, WeightsFolder } from "./networks.js";
import { startServer } from "./server.js";

/** The bare network, in milliseconds. The figures aimed at were taken on two idle AVX-512 cores. */
export async function* network(): AsyncGenerator<Measurement> {
  const figures: Array<[NetworkName, number, number]> = [
    ["middle", 8, 202],
    ["xs", 1, 346],
  ];
  for (const [name, count, aimMs] of figures) {
    const bare = await bareDenoiser(makeNetwork(name));
    const batch = makeBatch(name, count);
    await bare(batch);
    const times: number[] = [];
    for (let i = 0; i < 7; i++) times.push(await time(() => bare(batch)));
    const value = median(times);
    yield {
      name: `network ${name}, batch ${count}`,
      value,
      unit: "ms",
      ratio: aimMs / value,
      aim: `<= ${aimMs} ms on two idle AVX-512 cores`,
      holds: value <= aimMs,
      note: `fastest ${Math.min(...times).toFixed(0)} ms`,
    };
  }
}

/** Denoise over gRPC against the bare session. */
export async function* denoise(): AsyncGenerator<Measurement> {
  using weights = new WeightsFolder();
  await using server = await startServer(await weights.file("middle"));
  using channel = connect(server.address);
  const call = denoiseCall(channel, "models/net");
  const bare = await bareDenoiser(makeNetwork("middle"));
  const batch = makeBatch("middle", 8);
  const { oursMs, peerMs, ratio } = await paired(
    () => call(batch),
    () => bare(batch),
    { rounds: 7, burst: 4 },
  );
  yield {
    name: "Denoise over gRPC, 29.7 M parameters, batch 8",
    value: oursMs,
    unit: "ms",
    ratio,
    aim: "ratio >= 0.97",
    holds: ratio >= 0.97,
    note: `bare session ${peerMs.toFixed(1)} ms`,
  };
}

/** Sample against the loop over a bare session. */
export async function* loop(): AsyncGenerator<Measurement> {
  const [steps, count] = [4, 8];
  using weights = new WeightsFolder();
  await using server = await startServer(await weights.file("middle"));
  using channel = connect(server.address);
  const seeds = Array.from({ length: count }, (_, i) => i);
  const ours = () => sampleCall(channel, { model: "models/net", schedule: schedule(steps), guidance: [] }, seeds);

  const bare = await bareDenoiser(makeNetwork("middle"));
  const config = networks.middle;
  const info = {
    name: "bare",
    sampleShape: sampleShape(config),
    labelDim: labelDim(config),
    maxBatchSize: count,
    weightsDigests: {},
  };
  const peer = async () => {
    const drawn = drawBatch({ generator: "torch-cpu", seeds, sampleShape: info.sampleShape, labelDim: info.labelDim });
    const denoiser = {
      info,
      async denoise(x: { shape: readonly number[]; data: Float32Array }, sigma: Float32Array) {
        const batch = { shape: x.shape, x: x.data, sigma, labels: drawn.labels!.data, classes: [] } as Parameters<
          typeof bare
        >[0];
        return { shape: x.shape, data: await bare(batch) };
      },
    };
    await sample({
      denoiser,
      levels: noiseLevels({ steps }),
      solver: "heun",
      noise: drawn.noise,
      labels: drawn.labels,
    });
  };
  const { oursMs, peerMs, ratio } = await paired(ours, peer, { rounds: 3 });
  yield {
    name: `Sample, ${steps} Heun steps, batch ${count}`,
    value: oursMs,
    unit: "ms",
    ratio,
    aim: "ratio >= 0.98",
    holds: ratio >= 0.98,
    note: `bare loop ${peerMs.toFixed(1)} ms`,
  };
}
