/** @file Many clients against one; two servers on a core each against one process on one core. */

import { ImageFormat } from "@tandem/contracts";
import { connect } from "@tandem/rpc";
import { generate, type PlacementName, placements } from "../client.js";
import { guidedSpec } from "../digits.js";
import { Stack } from "../stack.js";
import { denoiseCall, sampleCall, schedule } from "./clients.js";
import { type Measurement, median, paired, time } from "./measure.js";
import { makeBatch, WeightsFolder } from "./networks.js";
import { startServer } from "./server.js";

/** Sixteen clients with one image each against one client with sixteen images. */
export async function* batching(): AsyncGenerator<Measurement> {
  using weights = new WeightsFolder();
  await using server = await startServer(await weights.file("small"));
  const seeds = Array.from({ length: 16 }, (_, i) => i);
  const sampling = { model: "models/net", schedule: schedule(8), guidance: [] };
  const channels = seeds.map(() => connect(server.address));
  const many = () => Promise.all(seeds.map((seed, i) => sampleCall(channels[i]!, sampling, [seed])));
  const one = () => sampleCall(channels[0]!, sampling, seeds);
  const { oursMs, peerMs, ratio } = await paired(many, one, { rounds: 5 });
  for (const channel of channels) channel.close();
  yield {
    name: "16 clients with one image each",
    value: oursMs,
    unit: "ms",
    ratio,
    aim: "ratio >= 0.9 of one client with 16",
    holds: ratio >= 0.9,
    note: `one client with 16 images ${peerMs.toFixed(0)} ms`,
  };
}

/** Autoguidance over two servers, each on a core of its own, against one process on one core. */
export async function* servers(): AsyncGenerator<Measurement> {
  using weights = new WeightsFolder();
  const [net, gnet] = [await weights.file("middle"), await weights.file("guide")];
  const samplerArgs = ["--threads", "1", "--device", "cpu"];
  await using together = await Stack.start({ one: { net, gnet } }, { samplerArgs, cpus: { one: "0" } });
  await using apart = await Stack.start({ a: { net }, b: { gnet } }, { samplerArgs, cpus: { a: "0", b: "1" } });

  const run = (stack: Stack, places: readonly [string, string], placement: PlacementName) => () =>
    generate(stack.gateway.address, {
      ...guidedSpec(`servers/${places[0]}/models/net`, `servers/${places[1]}/models/gnet`, 8, 3),
      batchSize: 8,
      format: ImageFormat.IMAGE_FORMAT_NPY,
      placement: placements[placement],
    });
  const alone = async (server: string, model: string, name: "middle" | "guide") => {
    using channel = connect(apart.server(server).address);
    const call = denoiseCall(channel, `models/${model}`);
    const batch = makeBatch(name, 8);
    await call(batch);
    const times: number[] = [];
    for (let i = 0; i < 3; i++) times.push(await time(() => call(batch)));
    return median(times);
  };
  const netMs = await alone("a", "net", "middle");
  const gnetMs = await alone("b", "gnet", "guide");
  const ideal = (netMs + gnetMs) / Math.max(netMs, gnetMs);
  const { oursMs, peerMs, ratio } = await paired(
    run(apart, ["a", "b"], "per step"),
    run(together, ["one", "one"], "whole loop"),
    { rounds: 3 },
  );
  yield {
    name: "two servers against one, a core each",
    value: oursMs,
    unit: "ms",
    ratio: ratio / ideal,
    aim: "ratio >= 0.95 of (net + gnet) / max(net, gnet)",
    holds: ratio / ideal >= 0.95,
    note: `one process ${peerMs.toFixed(0)} ms: ${ratio.toFixed(3)} times as long; ideal ${ideal.toFixed(3)} (net ${netMs.toFixed(0)} ms, gnet ${gnetMs.toFixed(0)} ms an evaluation)`,
  };
}
