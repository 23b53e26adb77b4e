/**
 * A network on a dataset, from nothing to a snapshot: what resumes must see the images, noise and labels that it would have seen,
 * with the same optimizer. Real: everything; small: the network and its pictures.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { toFloat32 } from "@tandem/formats";
import { kinds } from "../kinds.js";
import { readCheckpoint } from "../run/checkpoint.js";
import { executeRun } from "../run/execute-run.js";
import { kimgStem, RunFolder } from "../run/run-folder.js";
import { type Edm2Draft, scratch, specOf } from "../testing/draft.js";
import { commandOf, leftBy, Run, statusesOf } from "../testing/killable-run.js";
import { writeStripes } from "../testing/stripes.js";

const own: Edm2Draft = {
  batchSize: 32,
  batchGpu: 16,
  learningRate: 0.02,
  decayBatches: 20,
  rampupNimg: 0n,
  durationNimg: 4096n,
  statusNimg: 1024n,
  snapshotNimg: 2048n,
  checkpointNimg: 1024n,
  network: { modelChannels: 8, channelMult: [1, 2], numBlocks: 1, attnResolutions: { values: [] }, dropout: 0.1 },
};

let place: Awaited<ReturnType<typeof scratch>>;
let data = "";
beforeAll(async () => {
  place = await scratch();
  data = join(place.path, "stripes");
  await writeStripes(data, 50);
});
afterAll(async () => place[Symbol.asyncDispose]());

const folderOf = async (name: string): Promise<string> => {
  const folder = join(place.path, name);
  await mkdir(folder, { recursive: true });
  return folder;
};
const command = (folder: string) => commandOf(folder, 0, data, own);

describe("a diffusion run", () => {
  it("that was killed half way ends with the bytes of one that was not, and has learned", async () => {
    const [whole, killed] = [await folderOf("whole"), await folderOf("killed")];
    expect(await Run.toEnd(command(whole))).toMatchObject({ code: 0 });
    const run = Run.start(command(killed));
    await run.steps(70);
    await run.kill();
    expect((await leftBy(killed)).done).toBe(2048);
    expect(await Run.toEnd(command(killed))).toMatchObject({ code: 0 });
    expect(await leftBy(killed)).toEqual(await leftBy(whole));
    const losses = (await statusesOf(killed)).map(({ loss }) => loss);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
  }, 120_000);

  it("begins with a snapshot's weights, or goes on from another's checkpoint, where that is said", async () => {
    const whole = new RunFolder(join(place.path, "whole"), kimgStem);
    const snapshot = whole.snapshot(2048, 0.05);
    const tuned = await begin("tuned", snapshot);
    expect(tuned.said).toContain(`begins with the weights of ${snapshot}, which saw 2048 images`);
    expect(tuned.done).toBe(32);
    const checkpoint = whole.checkpoint(3072);
    const moved = await begin("moved", checkpoint);
    expect(moved.said).toContain(`goes on from ${checkpoint}, after 3072`);
    expect(moved.done).toBe(3104);
  }, 60_000);

  it("goes on from a training state of the reference", async () => {
    const pictures = join(place.path, "pictures");
    await writeStripes(pictures, 20, { side: 32, classes: 10 });
    const state = fileURLToPath(new URL("../../../../e2e/golden/pickles/training-state-0000002.pt", import.meta.url));
    const network = {
      channelMult: [1, 2, 2],
      modelChannels: 16,
      numBlocks: 1,
      channelsPerHead: 16,
      logvarChannels: 32,
    };
    const { done, said, tensors } = await begin("reference", state, { ...own, network, batchGpu: 0 }, pictures);
    expect(done).toBe(2048 + 32);
    expect(said).toContain("has no averages of EMA length 0.05, 0.1; they begin as the weights");
    expect(said).toMatch(/after 2048 images and \d+ steps/);
    expect(toFloat32(tensors.get("adam.step")!)[0]).toBeGreaterThan(1);
  }, 60_000);

  it("refuses to begin with what is another network's, naming the tensor", async () => {
    const narrow = { ...own, network: { ...own.network, modelChannels: 16 } };
    const checkpoint = new RunFolder(join(place.path, "whole"), kimgStem).checkpoint(4096);
    await expect(begin("other", checkpoint, narrow)).rejects.toMatchObject({
      reason: "MODEL_INCOMPATIBLE",
      message: expect.stringMatching(/net\.\S+ is \[.*\], not \[.*\]; it is of another run/),
    });
  });
});

/** A step of a run that begins with a file, what it said, and its state afterwards. */
async function begin(name: string, startFrom: string, fields = own, dataset = data) {
  const said: string[] = [];
  const log = (_: string, text: string) => said.push(text);
  const reporter = { status() {}, preview() {}, file() {}, progress() {}, log };
  const asked = specOf({ dataset: { uri: "file:///data" }, preset: "edm2-img64-xs", ...fields, sliceNimg: 32n });
  const spec = await kinds.edm2!.resolve(asked, { dataset });
  const folder = await folderOf(name);
  const request = { spec, folder, startFrom, name: "jobs/next" };
  await executeRun(request, kinds.edm2!, { threads: 1, dataset, reporter }, new AbortController().signal);
  const { position, tensors } = await readCheckpoint((await new RunFolder(folder, kimgStem).checkpoints())[0]!);
  return { done: position.done, said: said.join("\n"), tensors };
}
