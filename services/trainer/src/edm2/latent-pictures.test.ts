/** Whoever watches a latent run must see pictures, not four channels of noise, and must not wait for them longer than for the training. */
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Tensor } from "@tandem/diffusion";
import { stabilityStatistics } from "@tandem/networks";
import { Runtime } from "@tandem/runtime";
import { latentPictures } from "./latent-pictures.js";

const VAE = fileURLToPath(new URL("../../../../e2e/golden/features/vae/sd", import.meta.url));
const encoding = { kind: "latent" as const, autoencoder: "acme/tiny", downscale: 8, ...stabilityStatistics };

let runtime: Runtime;
beforeEach(() => {
  runtime = new Runtime({ threads: 1 });
});
afterEach(() => runtime.close());

const samples = (count: number, side: number): Tensor => ({
  shape: [count, 4, side, side],
  data: Float32Array.from({ length: count * 4 * side ** 2 }, (_, i) => Math.sin(i / 40) * Math.cos(i / 7) * 0.7),
});
const pictures = (latents: Tensor, autoencoder?: string) => latentPictures(latents, encoding, autoencoder, runtime);

describe("pictures of latents", () => {
  it("show three channels where there is no autoencoder", async () => {
    expect(await pictures(samples(2, 4))).toMatchObject({ count: 2, height: 4, width: 4 });
  });

  it("are decoded where that is soon done", async () => {
    expect(await pictures(samples(2, 4), VAE)).toMatchObject({ count: 2, height: 32, width: 32 });
  });

  it("come near the decoded ones, small, where that would take long", async () => {
    const many = samples(32, 24);
    const small = await pictures(many, VAE);
    expect(small).toMatchObject({ count: 32, height: 24, width: 24 });
    const first: Tensor = { shape: [1, 4, 24, 24], data: many.data.subarray(0, 4 * 24 ** 2) };
    await runtime.close();
    runtime = new Runtime({ threads: 1 });
    const decoded = await pictures(first, VAE);
    const means = Float64Array.from({ length: 24 ** 2 * 3 }, (_, i) => {
      const [c, x, y] = [i % 3, Math.floor(i / 3) % 24, Math.floor(i / 72)];
      let sum = 0;
      for (let at = 0; at < 64; at++)
        sum += decoded.data[((8 * y + (at >> 3)) * decoded.width + 8 * x + (at & 7)) * 3 + c]!;
      return sum / 64;
    });
    const error = (data: Uint8Array) => means.reduce((sum, mean, i) => sum + Math.abs(mean - data[i]!), 0);
    expect(error(small.data)).toBeLessThan(error((await pictures(first)).data) / 2);
  });
});
