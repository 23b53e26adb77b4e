/** Whoever waits for a metric must hear when it fails, and the next one must not suffer for it. */
import { expect, it } from "@jest/globals";
import { inBackground } from "./background.js";

const unit = { dim: 1, first: Float64Array.of(4), second: Float64Array.of(9) };

it("matrices that no memory holds are an error, and the thread goes on", async () => {
  const tooLarge = inBackground("rootTrace", { ...unit, dim: 30_000 });
  const next = inBackground("rootTrace", unit);
  await expect(tooLarge).rejects.toMatchObject({ reason: "OUT_OF_MEMORY" });
  expect(await next).toBe(6);
});

it("what fails on the thread is thrown here", async () => {
  const gram = { dim: 2, x: new Float32Array(4), y: new Float32Array(4), k: -1, isDiagonal: false };
  await expect(inBackground("nearestTile", gram)).rejects.toThrow(/length/);
});
