import { expect, it } from "@jest/globals";
import { networkConfig, randomNetwork } from "@tandem/networks";
import { sameBytes } from "../testing/golden.js";
import { randomWeights } from "./random-weights.js";

it("draws a large network as a small one is drawn, while the event loop goes on", async () => {
  const config = networkConfig({
    kind: "edm2_unet",
    imgResolution: 8,
    imgChannels: 3,
    modelChannels: 64,
    channelMult: [1],
    numBlocks: 1,
  });
  let turns = 0;
  const ticking = setInterval(() => turns++, 1);
  const network = await randomWeights({ config, seed: 3 }, 1e9);
  clearInterval(ticking);
  expect(turns).toBeGreaterThan(3);
  const here = randomNetwork(config, 3);
  expect([...network.tensors.keys()]).toEqual([...here.tensors.keys()]);
  for (const [name, { data }] of network.tensors) expect(sameBytes(data, here.tensors.get(name)!.data)).toBe(true);
});
