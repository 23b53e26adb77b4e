/** Weeks of training are one file: what is read back is what was written, or it is not read at all. */
import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { fromFloat32, type TensorData } from "@tandem/formats";
import fc from "fast-check";
import { scratch } from "../testing/draft.js";
import { checkpointBytes, isDamage, readCheckpoint, writeCheckpoint } from "./checkpoint.js";
import { newestCheckpoint } from "./newest-checkpoint.js";
import { kimgStem, RunFolder } from "./run-folder.js";

const position = { done: 8_388_608, tick: 64, runSeconds: 12.5 };
const spec = { edm2: { seed: "18446744073709551615", learningRate: 0.01 } };
const tensors = new Map<string, TensorData>([
  ["net.unet.out_gain", fromFloat32(Float32Array.of(Math.PI), [], "F32")],
  [
    "adam.m.w",
    fromFloat32(
      Float32Array.from({ length: 60 }, (_, i) => Math.sin(i)),
      [3, 20],
      "F32",
    ),
  ],
]);

describe("a checkpoint", () => {
  it("comes back bit for bit, and takes no more room than was foretold", async () => {
    await using folder = await scratch();
    const path = join(folder.path, "state.safetensors");
    await writeCheckpoint(path, { position, spec, tensors });
    const back = await readCheckpoint(path);
    expect(back.position).toEqual(position);
    expect(back.spec).toEqual(spec);
    expect([...back.tensors.keys()].sort()).toEqual([...tensors.keys()].sort());
    for (const [name, { data }] of tensors)
      expect(
        Buffer.compare(back.tensors.get(name)!.data, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
      ).toBe(0);
    expect((await readFile(path)).byteLength).toBeLessThanOrEqual(checkpointBytes(tensors));
  });

  it("is known for damaged with any one byte changed, or cut anywhere", async () => {
    await using folder = await scratch();
    const path = join(folder.path, "state.safetensors");
    await writeCheckpoint(path, { position, spec, tensors });
    const whole = await readFile(path);
    const verdict = async () => isDamage(await readCheckpoint(path).catch((error: unknown) => error));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const bytes = Buffer.from(whole);
        bytes[at]! ^= change;
        fc.pre(!/\s/.test(String.fromCharCode(bytes[at]!))); // the header may have any whitespace
        await writeFile(path, bytes);
        expect(await verdict()).toBe(true);
        await writeFile(path, whole);
        await truncate(path, at);
        expect(await verdict()).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

describe("a run goes on from its newest checkpoint", () => {
  it("that is whole: damaged ones are said, and set aside", async () => {
    await using place = await scratch();
    const folder = new RunFolder(place.path, kimgStem);
    for (const done of [1024, 2048, 4096])
      await writeCheckpoint(folder.checkpoint(done), { position: { ...position, done }, spec, tensors });
    await truncate(folder.checkpoint(4096), 1000);
    await writeFile(folder.checkpoint(2048), "");
    const said: string[] = [];
    const found = await newestCheckpoint(folder, { log: (_, message) => said.push(message) });
    expect(found?.position.done).toBe(1024);
    expect(said).toEqual([
      expect.stringContaining("training-state-0000004"),
      expect.stringContaining("training-state-0000002"),
    ]);
    expect(await folder.checkpoints()).toEqual([folder.checkpoint(1024)]);
  });

  it("keeps as many as it should, and nothing half written", async () => {
    await using place = await scratch();
    const folder = new RunFolder(place.path, kimgStem);
    for (const done of [1024, 2048, 4096, 1_000_000_000]) await writeFile(folder.checkpoint(done), "");
    await writeFile(join(place.path, ".training-state-0000009.safetensors.ab12.tmp"), "");
    await writeFile(join(place.path, ".hidden"), "");
    await folder.prune(2);
    await folder.removeLeftovers();
    expect(await folder.checkpoints()).toEqual([folder.checkpoint(1_000_000_000), folder.checkpoint(4096)]);
    expect(await readFile(join(place.path, ".hidden"), "utf8")).toBe("");
    await expect(readFile(join(place.path, ".training-state-0000009.safetensors.ab12.tmp"))).rejects.toThrow("ENOENT");
  });
});
