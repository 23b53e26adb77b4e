/** @file Snapshots of a run: its EMA networks in float16, ready to be sampled, and pictures of what they can do. */
import { DomainError } from "@tandem/errors";
import { replaceFile } from "@tandem/formats";
import { type Provenance, writeNetwork } from "@tandem/networks";
import type { RunFolder } from "./run-folder.js";
import type { RunReporter } from "./run-reporter.js";
import type { TrainedNetwork, Trainee } from "./trainee.js";

/** Draws samples of a network: a PNG. */
export type Draw = (network: TrainedNetwork) => Promise<Uint8Array>;

/** What snapshots are made of. */
export interface SnapshotOptions {
  readonly trainee: Trainee;
  readonly folder: RunFolder;
  readonly provenance: Provenance;
  readonly reporter: RunReporter;
  readonly draw?: Draw | undefined;
}

/** Bytes of a float16. */
const HALF = 2;
/** Room for header and picture. */
const EXTRA_BYTES = 2 ** 18;

/** Writes snapshots and previews. */
export class Snapshots {
  constructor(private readonly options: SnapshotOptions) {}

  /** One file for each EMA profile, and samples of the first. */
  async write(done: number): Promise<void> {
    const { trainee, folder, provenance, reporter } = this.options;
    for (const [profile, emaStd] of trainee.emaStds.entries()) {
      const network = await trainee.network(profile);
      const path = folder.snapshot(done, emaStd);
      const facts = { provenance: { ...provenance, nimg: done, emaStd }, digest: "", format: "memory" as const };
      await writeNetwork(path, { ...network, ...facts }, { dtype: "F16" });
      reporter.file({ path, kind: "snapshot", nimg: done, emaStd });
      if (profile === 0) await this.#picture(network, done, emaStd);
    }
  }

  /** Samples of the first profile alone. */
  async preview(done: number): Promise<void> {
    const { trainee } = this.options;
    await this.#picture(await trainee.network(0), done, trainee.emaStds[0]!);
  }

  /** Bytes that the next ones take on the disk. */
  async bytes(): Promise<number> {
    const { trainee } = this.options;
    const { tensors } = await trainee.network(0);
    const values = [...tensors.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    return trainee.emaStds.length * (values * HALF + EXTRA_BYTES);
  }

  async #picture(network: TrainedNetwork, done: number, emaStd: number): Promise<void> {
    const { folder, reporter, draw } = this.options;
    if (!draw) return;
    let png: Uint8Array;
    try {
      png = await draw(network);
    } catch (error) {
      if (!(error instanceof DomainError) || error.reason !== "NOT_FINITE") throw error;
      reporter.log("warning", `no samples at ${done}: ${error.message}`); // the loss says the same; the run is the user's to stop
      return;
    }
    const path = folder.samples(done, emaStd);
    await replaceFile(path, (file) => file.writeFile(png));
    reporter.preview(png, done);
    reporter.file({ path, kind: "samples", nimg: done, emaStd });
  }
}
