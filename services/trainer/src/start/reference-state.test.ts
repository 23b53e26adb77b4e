/** A run of weeks that moves here from the reference must not start over: its state is read whole, each moment by its parameter. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "@jest/globals";
import { readPickle } from "@tandem/formats";
import { isReferenceState, readReferenceState } from "./reference-state.js";
import { stateOf } from "./state-of-weights.js";

const golden = (name: string) => fileURLToPath(new URL(`../../../../e2e/golden/pickles/${name}`, import.meta.url));

async function read() {
  const root = await readPickle(golden("training-state-0000002.pt"));
  if (!isReferenceState(root)) throw new Error("not known for a training state");
  return readReferenceState(root, "training-state-0000002.pt");
}

describe("a training state of the reference", () => {
  it("gives images done, steps, parameters, and moments of each parameter's shape", async () => {
    const { nimg, steps, weights, moments, averages } = await read();
    expect(nimg).toBe(2048);
    expect(weights.size).toBe(91);
    expect(steps).toBeGreaterThan(0);
    expect(moments.size).toBe(86); // the uncertainty head had no gradient when it was written
    for (const [name, { m, v }] of moments) {
      expect([name, m.shape]).toEqual([name, weights.get(name)!.shape]);
      expect(v.shape).toEqual(m.shape);
    }
    expect([...weights.keys()].filter((name) => !moments.has(name))).toEqual([
      "unet.emb_fourier.freqs",
      "unet.emb_fourier.phases",
      "logvar_fourier.freqs",
      "logvar_fourier.phases",
      "logvar_linear.weight",
    ]);
    expect(averages.size).toBe(0);
  });

  it("is no network's snapshot", async () => {
    expect(isReferenceState(await readPickle(golden("network-fp32.pkl")))).toBe(false);
  });
});

describe("a state made of somebody else's weights", () => {
  it("names the tensor that does not fit", async () => {
    const { weights } = await read();
    const [[name, tensor] = ["", undefined]] = weights;
    const template = new Map([...weights].map(([key, value]) => [`net.${key}`, value]));
    expect(stateOf(template, { weights }, "f").size).toBe(91);
    const without = new Map([...weights].filter(([key]) => key !== name));
    expect(() => stateOf(template, { weights: without }, "f")).toThrow(
      `f: tensor ${name} of this run's network is missing`,
    );
    const other = new Map(weights).set(name, { ...tensor!, shape: [1, 1] });
    expect(() => stateOf(template, { weights: other }, "f")).toThrow(`net.${name} is [1,1]`);
    const more = new Map(weights).set("unet.extra", tensor!);
    expect(() => stateOf(template, { weights: more }, "f")).toThrow("unet.extra is not part of");
  });
});
