/**
 * Whatever ends a run - a kill at any moment, a full disk, a damaged file - it goes on as if nothing had been: the same
 * parameters, averages and optimizer, bit for bit. Real: processes, signals, files, limits; tiny: the network.
 */
import { spawnSync } from "node:child_process";
import { mkdir, readdir, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { scratch } from "../testing/draft.js";
import { CHECKPOINT_EVERY, commandOf, leftBy, Run, STEP } from "../testing/killable-run.js";
import { kimgStem, RunFolder } from "./run-folder.js";

const STEPS = 1024;
const KILLS = 50;

const canMount = spawnSync("unshare", ["-rm", "true"]).status === 0;

let place: Awaited<ReturnType<typeof scratch>>;
let whole: Awaited<ReturnType<typeof leftBy>>;
beforeAll(async () => {
  place = await scratch();
  whole = await leftBy(await finished("whole"));
  expect(whole.done).toBe(STEPS * STEP);
}, 60_000);
afterAll(async () => place[Symbol.asyncDispose]());

/** Folder of a run that has come to its end. */
async function finished(name: string): Promise<string> {
  const folder = join(place.path, name);
  await mkdir(folder, { recursive: true });
  expect(await Run.toEnd(commandOf(folder, STEPS))).toMatchObject({ code: 0 });
  return folder;
}

/** A folder whose run did some steps and was killed. */
async function killedAfter(name: string, steps: number): Promise<string> {
  const folder = join(place.path, name);
  await mkdir(folder);
  const run = Run.start(commandOf(folder, STEPS));
  await run.steps(steps);
  await run.kill();
  return folder;
}

describe("a run equals one that was never stopped", () => {
  it("when it was killed half way", async () => {
    const folder = await killedAfter("half", STEPS / 2);
    expect(await leftBy(folder)).not.toEqual(whole);
    expect(await leftBy(await finished("half"))).toEqual(whole);
  });

  it("when it was asked to stop: what it had done is not done again", async () => {
    const folder = join(place.path, "asked");
    await mkdir(folder);
    const run = Run.start(commandOf(folder, STEPS));
    await run.steps(CHECKPOINT_EVERY + 3);
    run.child.kill("SIGTERM");
    expect(await run.ended).toBe(3);
    const steps = (await leftBy(folder)).done / STEP;
    expect(steps).toBeGreaterThanOrEqual(CHECKPOINT_EVERY + 3);
    const { statuses, ...left } = await leftBy(await finished("asked"));
    expect(left).toEqual({ done: whole.done, state: whole.state, snapshots: whole.snapshots });
    expect(statuses).toEqual([steps * STEP, ...whole.statuses]); // one more, from when it stopped
  });

  it(`when it was killed at ${KILLS} random moments`, async () => {
    const folder = join(place.path, "random");
    await mkdir(folder);
    for (let kill = 0; kill < KILLS; kill++) {
      const run = Run.start(commandOf(folder, STEPS));
      // Some while it starts, looks through its folder and reads its state; most while it trains and writes.
      if (kill % 5 === 0) await sleep(600 * Math.random());
      else {
        await run.steps(1);
        await sleep(60 * Math.random());
      }
      await run.kill();
    }
    expect(await leftBy(await finished("random"))).toEqual(whole);
    expect((await readdir(folder)).filter((name) => name.includes("tmp") || name.includes("damaged"))).toEqual([]);
  }, 120_000);

  it("when its newest checkpoint was cut short: the one before is used, and that is said", async () => {
    const folder = await killedAfter("cut", 4 * CHECKPOINT_EVERY);
    const [newest = ""] = await new RunFolder(folder, kimgStem).checkpoints();
    await truncate(newest, (await stat(newest)).size / 2);
    const { said } = await Run.toEnd(commandOf(folder, STEPS));
    expect(said).toContain(`${newest}: `);
    expect(said).toContain("is set aside as");
    expect(await leftBy(folder)).toEqual(whole);
  });

  it("when no more could be written in the middle of a checkpoint: it rests, and says after what", async () => {
    const folder = await killedAfter("limit", 2 * CHECKPOINT_EVERY);
    const before = await new RunFolder(folder, kimgStem).checkpoints();
    const blocks = Math.floor((await stat(before[0]!)).size / 1024) - 20; // a file larger than this cannot be written
    const limited = ["bash", "-c", 'trap "" XFSZ; ulimit -f "$1"; shift; exec "$@"', "bash", String(blocks)];
    const { code, said } = await Run.toEnd([...limited, ...commandOf(folder, STEPS)]);
    expect(code).toBe(3);
    expect(said).toMatch(/the run goes on after \d+\. Free some space, then resume/);
    expect(await new RunFolder(folder, kimgStem).checkpoints()).toEqual(before);
    expect((await readdir(folder)).filter((name) => name.includes("tmp"))).toEqual([]);
    expect(await leftBy(await finished("limit"))).toEqual(whole);
  });

  (canMount ? it : it.skip)(
    "when the disk was nearly full: it rests before that, and goes on when there is room",
    async () => {
      const [disk, copy] = [join(place.path, "disk"), join(place.path, "copy")];
      await mkdir(disk);
      await mkdir(copy);
      const script = `set -e; disk=$1; copy=$2; shift 2
      mount -t tmpfs -o size=2500k tmpfs "$disk"
      "$@" && exit 9 || [ $? = 3 ]
      mount -o remount,size=64m "$disk"
      "$@"
      cp -r "$disk/." "$copy"`;
      const { code, said } = await Run.toEnd([
        "unshare",
        "-rm",
        "bash",
        "-c",
        script,
        "bash",
        disk,
        copy,
        ...commandOf(disk, STEPS),
      ]);
      expect(code).toBe(0);
      expect(said).toMatch(/no space for the next checkpoint: .* free, .* needed; free some, then resume/);
      expect(await leftBy(copy)).toEqual(whole);
    },
  );
});
