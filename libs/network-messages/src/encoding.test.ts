/** A latent dataset trained with the wrong statistics gives networks that decode to noise: every field is checked or kept. */
import { describe, expect, it } from "@jest/globals";
import { DataEncoding } from "@tandem/contracts";
import type { Encoding } from "@tandem/networks";
import { readEncoding, writeEncoding } from "./encoding.js";

const latent: Encoding = {
  kind: "latent",
  autoencoder: "stabilityai/sd-vae-ft-mse",
  rawMean: [5.81, 3.25, 0.12, -2.15],
  rawStd: [4.17, 4.62, 3.71, 3.28],
  finalMean: 0,
  finalStd: 0.5,
  downscale: 8,
};

describe("an encoding in a message", () => {
  it.each([[{ kind: "rgb" } as const], [latent]])("comes back the same: %j", (encoding) => {
    expect(readEncoding(writeEncoding(encoding)!, "encoding")).toEqual(encoding);
  });

  it("has the contract's defaults where fields are 0", () => {
    const statistics = { rawMean: [0], rawStd: [1] };
    const message = DataEncoding.fromPartial({
      kind: { $case: "latent", value: { autoencoder: "models/vae", statistics } },
    });
    expect(readEncoding(message, "encoding")).toMatchObject({ finalStd: 0.5, finalMean: 0, downscale: 8 });
  });

  it.each([
    ["encoding.latent.autoencoder", { autoencoder: "", statistics: { rawMean: [0], rawStd: [1] } }],
    ["encoding.latent.statistics", { autoencoder: "models/vae" }],
    ["encoding.latent.statistics.raw_mean", { autoencoder: "models/vae", statistics: { rawStd: [1] } }],
    ["encoding.latent.statistics.raw_std", { autoencoder: "models/vae", statistics: { rawMean: [0, 1], rawStd: [1] } }],
  ])("names a wrong %s", (field, value) => {
    const message = DataEncoding.fromPartial({ kind: { $case: "latent", value } });
    expect(() => readEncoding(message, "encoding")).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ field }) }),
    );
  });
});
