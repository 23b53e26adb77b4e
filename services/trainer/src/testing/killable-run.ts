/** @file For tests: runs of a tiny network in processes that can be killed, and what they leave. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { TrainingSpec } from "@tandem/contracts";
import { readCheckpoint } from "../run/checkpoint.js";
import { kimgStem, RunFolder } from "../run/run-folder.js";
import { type Edm2Draft, specOf } from "./draft.js";

const program = fileURLToPath(new URL("./tiny-run.js", import.meta.url));

/** Images of a step. */
export const STEP = 1024;
/** Steps between checkpoints. */
export const CHECKPOINT_EVERY = 8;

const tiny = (steps: number): Edm2Draft => ({
  preset: "edm2-img64-xs",
  dataset: { uri: "file:///digits.zip" },
  network: { modelChannels: 8, channelMult: [1], numBlocks: 1, channelMultEmb: 1 },
  batchSize: STEP,
  durationNimg: BigInt(steps * STEP),
  statusNimg: BigInt(64 * STEP),
  snapshotNimg: BigInt(64 * STEP),
  checkpointNimg: BigInt(CHECKPOINT_EVERY * STEP),
});

/** The command of a run of so many steps. @param dataset path of what a real network learns from, with its own settings */
export const commandOf = (folder: string, steps: number, dataset = "", own: Edm2Draft = {}): string[] => [
  process.execPath,
  program,
  folder,
  JSON.stringify(TrainingSpec.toJSON(specOf({ ...tiny(steps), ...own }))),
  dataset,
];

/** A process on its way. */
export class Run {
  #said = "";
  /** Resolves with the exit code: 0 complete, 3 suspended; null when it was killed. */
  readonly ended: Promise<number | null>;

  constructor(readonly child: ChildProcess) {
    child.stdout!.on("data", (chunk: Buffer) => {
      this.#said += chunk.toString();
    });
    this.ended = once(child, "close").then(([code]) => code as number | null);
  }

  static start(command: readonly string[]): Run {
    const [program = "", ...args] = command;
    return new Run(spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] }));
  }

  static async toEnd(command: readonly string[]): Promise<{ code: number | null; said: string }> {
    const run = Run.start(command);
    return { code: await run.ended, said: run.#said };
  }

  /** Resolves once it has done so many steps in this process, or is gone. */
  async steps(count: number): Promise<void> {
    while ((this.#said.match(/^done /gm)?.length ?? 0) < count && this.child.exitCode === null) await sleep(2);
  }

  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.ended;
  }
}

/** The statuses of a run. A loss is the mean since the status before, or since the run went on. */
export async function statusesOf(path: string): Promise<{ readonly nimg: number; readonly loss: number }[]> {
  const lines = (await readFile(new RunFolder(path, kimgStem).stats, "utf8")).trim().split("\n");
  return lines.map((line) => JSON.parse(line));
}

/** What a run left: how far it came, the bytes of its state and newest snapshots, and when it told its status. */
export async function leftBy(path: string) {
  const folder = new RunFolder(path, kimgStem);
  const { position, tensors } = await readCheckpoint((await folder.checkpoints())[0]!);
  const state = [...tensors].map(([name, { data }]) => [name, Buffer.from(data).toString("base64")]);
  const snapshots = await Promise.all(
    [...(await folder.newestSnapshots())]
      .sort()
      .map(async ([std, file]) => [std, (await readFile(file)).toString("base64")]),
  );
  return { done: position.done, state, snapshots, statuses: (await statusesOf(path)).map(({ nimg }) => nimg) };
}
