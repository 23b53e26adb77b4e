/** @file Presets: the published ones, the operator's, and how a request changes them. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { GenerationSpec } from "@tandem/contracts";
import { builtInPresets } from "./built-in.js";
import { closeNames } from "./close-names.js";
import { mergeSpec } from "./merge.js";
import { PresetStore } from "./preset-store.js";

const spec = GenerationSpec.fromPartial;

/** The tables of the papers: Karras et al. 2024 (EDM2), table 2 and 3; Karras et al. 2024 (autoguidance), table 1. */
describe("the published presets", () => {
  it("are 36, with networks below one root, and a weight with every guide", async () => {
    const presets = await builtInPresets();
    expect(presets).toHaveLength(36);
    const root = "https://nvlabs-fi-cdn.nvidia.com/edm2/posthoc-reconstructions/";
    for (const preset of presets) {
      const { model, guidance } = preset.spec!.sampling!;
      for (const uri of [model, ...guidance.map((term) => term.model)]) {
        expect(uri.slice(0, root.length)).toBe(root);
        expect(uri.slice(root.length)).toMatch(/^edm2-img(64|512)-(xs|s|m|l|xl|xxl)(-uncond)?-\d{7}-0\.\d{3}\.pkl$/);
      }
      expect(guidance.every(({ weight }) => weight !== undefined && weight > 1)).toBe(true);
      const metric = preset.name.endsWith("-dino") ? "fd_dinov2" : "fid";
      expect(preset.published[metric]).toBeGreaterThan(0);
    }
  });

  it.each([
    ["edm2-img512-xs-fid", "edm2-img512-xs-2147483-0.135.pkl", undefined, undefined, { fid: 3.53 }],
    ["edm2-img64-s-autog-fid", "edm2-img64-s-1073741-0.045.pkl", "edm2-img64-xs-0134217-0.110.pkl", 1.7, { fid: 1.01 }],
    [
      "edm2-img512-xxl-guid-dino",
      "edm2-img512-xxl-0939524-0.015.pkl",
      "edm2-img512-xs-uncond-2147483-0.015.pkl",
      1.7,
      { fd_dinov2: 33.09 },
    ],
    [
      "edm2-img512-s-uncond-autog-dino",
      "edm2-img512-s-uncond-2147483-0.090.pkl",
      "edm2-img512-xs-uncond-0134217-0.125.pkl",
      2.9,
      { fd_dinov2: 90.39 },
    ],
  ])("have the paper's %s", async (name, net, gnet, weight, published) => {
    const preset = (await builtInPresets()).find((candidate) => candidate.name === `generationPresets/${name}`)!;
    const { model, guidance } = preset.spec!.sampling!;
    expect(model.split("/").at(-1)).toBe(net);
    expect(guidance[0]?.model.split("/").at(-1)).toBe(gnet);
    expect(guidance[0]?.weight).toBe(weight);
    expect(preset.published).toEqual(published);
  });
});

describe("a request with a preset", () => {
  const preset = spec({
    sampling: {
      model: "/net.pkl",
      guidance: [{ model: "/gnet.pkl", weight: 2, interval: { low: 1 } }],
      schedule: { numSteps: 18, sigmaMax: 40 },
      churn: { amount: 3, noiseScale: 1.007 },
    },
    batchSize: 8,
  });

  it("overrides scalars that are set, merges messages, keeps the rest", () => {
    const merged = mergeSpec(
      preset,
      spec({ sampling: { schedule: { numSteps: 64 } }, seeds: [{ first: 1n, last: 2n }] }),
    );
    expect(merged.sampling).toMatchObject({
      model: "/net.pkl",
      guidance: preset.sampling!.guidance,
      schedule: { numSteps: 64, sigmaMax: 40 },
    });
    expect([merged.batchSize, merged.seeds.length]).toEqual([8, 1]);
  });

  it("replaces the guidance, but need not repeat model and weight of the term in the same place", () => {
    const other = mergeSpec(preset, spec({ sampling: { guidance: [{ weight: 3 }] } })).sampling!.guidance;
    expect(other).toMatchObject([{ model: "/gnet.pkl", weight: 3 }]);
    expect(other[0]!.interval).toBeUndefined();
    const two = mergeSpec(preset, spec({ sampling: { guidance: [{}, { model: "/third.pkl", weight: 0 }] } }));
    expect(two.sampling!.guidance).toMatchObject([{ weight: 2 }, { model: "/third.pkl", weight: 0 }]);
  });

  it("can set to 0 what 0 means something for", () => {
    const { churn } = mergeSpec(preset, spec({ sampling: { churn: { noiseScale: 0 } } })).sampling!;
    expect(churn).toMatchObject({ amount: 3, noiseScale: 0 });
  });

  it("displaces the formula by explicit levels, and explicit levels by a formula", () => {
    const explicit = mergeSpec(preset, spec({ sampling: { schedule: { sigmas: [2, 1] } } }));
    expect(explicit.sampling!.schedule).toMatchObject({ sigmas: [2, 1], numSteps: 0, sigmaMax: 0 });
    const formula = mergeSpec(explicit, spec({ sampling: { schedule: { numSteps: 5 } } }));
    expect(formula.sampling!.schedule).toMatchObject({ sigmas: [], numSteps: 5 });
  });
});

describe("presets of the operator", () => {
  const file = async (text: string) => {
    const path = join(await mkdtemp(join(tmpdir(), "presets-")), "presets.yaml");
    await writeFile(path, text);
    return path;
  };

  it("are read from YAML and replace published ones of the same name", async () => {
    const path = await file(
      "presets:\n- name: mine\n  spec: {sampling: {model: servers/-/models/net, schedule: {numSteps: 18}}}\n  published: {fid: 2.5}\n- name: edm2-img512-xs-fid\n",
    );
    const store = await PresetStore.load([path]);
    expect(store.list()).toHaveLength(37);
    expect(store.expand("spec", spec({ preset: "mine" })).sampling).toMatchObject({ schedule: { numSteps: 18 } });
    expect(store.expand("spec", spec({ preset: "generationPresets/edm2-img512-xs-fid" })).sampling).toBeUndefined();
  });

  it("are refused when a field is misspelt, naming file and field", async () => {
    const path = await file("presets:\n- name: mine\n  spec: {sampling: {modell: x}}\n");
    await expect(PresetStore.load([path])).rejects.toMatchObject({
      reason: "FIELD_INVALID",
      message: expect.stringContaining(`${path}: presets[0].spec.sampling.modell`),
    });
  });
});

it("close names are those with few letters changed, nearest first", () => {
  expect(closeNames("nett", ["gnet", "net", "completely-other"])).toEqual(["net", "gnet"]);
});
