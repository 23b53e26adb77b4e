/** @file The reconstruction job: snapshots of a run into networks with other EMA profiles. */
import { access, readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { ReconstructedModel, ReconstructionSpec } from "@tandem/contracts";
import {
  type EmaProfile,
  MAX_STD,
  type ReconstructionTarget,
  reconstruct,
  type Solution,
  snapshotName,
  solveCoefficients,
  warningsOf,
} from "@tandem/ema";
import { invalid } from "@tandem/errors";
import { makeFolder, replaceFile } from "@tandem/formats";
import { type Artifacts, type JobContext, type JobEnd, type JobKind, jobKind } from "@tandem/jobs";
import type { Storage } from "@tandem/storage";
import { targetReport } from "./report.js";
import {
  isBuffer,
  jobOf,
  type NetworkSnapshot,
  openNetworkSnapshot,
  reconstructedTexts,
  snapshotInfo,
} from "./snapshots/network-snapshot.js";
import { filesOf, type SnapshotFile, snapshotsAmong, timeOf } from "./snapshots/snapshot-files.js";

/** What reconstructions are done with. */
export interface ReconstructionSettings {
  readonly storage: Storage;
  /** Folder of results that name no output, and of scratch files. */
  readonly folder: string;
  readonly threads: number;
}

const DEFAULT_BATCH = 8;
const MAX_BATCH = 64;
const PREFIX = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

type Context = JobContext<"reconstruction">;

/** A network to make, and whether it is there already. */
interface Output extends ReconstructionTarget {
  readonly isThere: boolean;
  readonly skipped: boolean;
}

/** Reconstruction jobs of a server. */
export class Reconstructions {
  readonly kind: JobKind;

  constructor(
    private readonly artifacts: Artifacts,
    private readonly settings: ReconstructionSettings,
  ) {
    this.kind = jobKind({ kind: "reconstruction", pausable: true, run: (context) => this.#run(context) });
  }

  /**
   * The request with its defaults; the source was looked at, no tensor was read.
   * @throws DomainError FIELD_INVALID, RESOURCE_NOT_FOUND (no snapshots, none at the time), UNSAFE_FILE, URI_NOT_ALLOWED
   */
  async resolve(spec: ReconstructionSpec): Promise<ReconstructionSpec> {
    for (const std of spec.stds)
      if (!(std > 0 && std < MAX_STD)) throw invalid("spec.stds", std, `above 0 and below ${MAX_STD}`);
    if (spec.stds.length === 0) throw invalid("spec.stds", undefined, "at least one relative standard deviation");
    if (spec.batchSize > MAX_BATCH) throw invalid("spec.batch_size", spec.batchSize, `at most ${MAX_BATCH}`);
    const outputPrefix = spec.outputPrefix || "phema";
    if (!PREFIX.test(outputPrefix))
      throw invalid("spec.output_prefix", outputPrefix, "1 to 100 letters, digits, dots, dashes and underscores");
    const stds = [...new Map(spec.stds.map((std) => [std.toFixed(3), std])).values()].sort((a, b) => a - b);
    const files = await this.#files(spec);
    const nimg = BigInt(timeOf(files, Number(spec.nimg)));
    return { ...spec, stds, nimg, outputPrefix, batchSize: spec.batchSize || DEFAULT_BATCH };
  }

  async #files(spec: ReconstructionSpec): Promise<SnapshotFile[]> {
    const filter = { prefix: spec.sourcePrefix, stds: spec.sourceStds };
    const uri = spec.source?.uri ?? "";
    if (!uri.startsWith("jobs/")) {
      const folder = await this.artifacts.localPathOrFolder(spec.source, "spec.source");
      return snapshotsAmong(await filesOf(folder), filter, folder);
    }
    const paths: string[] = [];
    for (let pageToken = ""; ; ) {
      const page = await this.artifacts.list({ parent: uri, pageSize: 1000, pageToken, kind: 0 });
      for (const { name } of page.artifacts) paths.push((await this.artifacts.get(name)).location);
      if (page.nextPageToken === "") return snapshotsAmong(paths, filter, uri);
      pageToken = page.nextPageToken;
    }
  }

  async #run(context: Context): Promise<JobEnd<"reconstruction">> {
    const scratch = join(this.settings.folder, "scratch", basename(context.name));
    try {
      await makeFolder(scratch);
      return await this.#reconstruct(context, scratch);
    } catch (error) {
      if (context.signal.aborted && error === context.signal.reason) return { kind: "stopped" };
      throw error;
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  async #reconstruct(context: Context, scratch: string): Promise<JobEnd<"reconstruction">> {
    const { spec, signal } = context;
    const files = (await this.#files(spec)).filter(({ profile }) => profile.nimg <= Number(spec.nimg));
    const opened: NetworkSnapshot[] = [];
    for (const { path, profile } of files) {
      signal.throwIfAborted();
      context.progress({ done: 0, total: 0, unit: "bytes", stage: `looking into ${basename(path)}` });
      opened.push(await openNetworkSnapshot(path, profile, scratch));
    }
    const inputs = files.map(({ profile }) => profile);
    const profiles = spec.stds.map((std) => ({ nimg: Number(spec.nimg), std }));
    const solutions = solveCoefficients(inputs, profiles);
    const outputs = await this.#outputs(context, profiles, solutions, opened.at(-1)!, files.length);
    for (const solution of solutions)
      for (const warning of warningsOf(solution, inputs)) context.log("warning", warning);
    const models = new Map<string, ReconstructedModel>();
    const keep = async (output: Output, solution: Solution) => {
      models.set(output.path, await keepModel(context, output, solution, inputs, opened.at(-1)!));
    };
    for (const [i, output] of outputs.entries()) if (output.isThere) await keep(output, solutions[i]!);
    const missing = outputs.filter(({ isThere }) => !isThere);
    const snapshots = opened.map(({ snapshot }) => snapshot);
    await reconstruct(snapshots, missing, {
      isBuffer,
      batch: spec.batchSize,
      threads: this.settings.threads,
      signal,
      onProgress: (done, total) => context.progress({ done, total, unit: "bytes", stage: "adding up snapshots" }),
      onOutput: (target, solution) => keep(target as Output, solution),
    });
    await this.#report(context, outputs[0]!, solutions, inputs);
    return { kind: "done", result: { models: outputs.map(({ path }) => models.get(path)!) } };
  }

  /** Outputs with what is there of them; what a killed attempt left half is removed. */
  async #outputs(
    { spec, name }: Context,
    profiles: readonly EmaProfile[],
    solutions: readonly Solution[],
    { facts }: NetworkSnapshot,
    snapshots: number,
  ): Promise<Output[]> {
    const folder =
      spec.outputUri === ""
        ? await makeFolder(join(this.settings.folder, "reconstructions", basename(name)))
        : await this.settings.storage.localFolder(spec.outputUri, { create: true });
    return Promise.all(
      profiles.map(async (profile, i) => {
        const path = join(folder, snapshotName(spec.outputPrefix, profile));
        await removeLeftovers(path);
        const { fitError, rawSum } = solutions[i]!;
        const metadata = reconstructedTexts(facts, profile, { job: name, snapshots, fitError, rawSum });
        const isOwn = (await jobOf(path)) === name; // an attempt before this one made it
        const skipped = !isOwn && spec.skipExisting && (await exists(path));
        return { path, profile, metadata, isThere: isOwn || skipped, skipped };
      }),
    );
  }

  async #report(context: Context, { path }: Output, solutions: readonly Solution[], inputs: readonly EmaProfile[]) {
    const { spec } = context;
    const report = { nimg: Number(spec.nimg), targets: solutions.map((solution) => targetReport(solution, inputs)) };
    const kimg = String(Math.floor(report.nimg / 1000)).padStart(7, "0");
    const file = join(dirname(path), `${spec.outputPrefix}-${kimg}-report.json`);
    await replaceFile(file, (handle) => handle.writeFile(JSON.stringify(report)));
    await context.artifact({ path: file, kind: "report" });
  }
}

async function keepModel(
  context: Context,
  { path, profile, skipped }: Output,
  solution: Solution,
  inputs: readonly EmaProfile[],
  { facts }: NetworkSnapshot,
): Promise<ReconstructedModel> {
  const { nimg, std } = profile;
  const value =
    facts && snapshotInfo({ ...facts, provenance: { ...facts.provenance, nimg, emaStd: std, reconstructed: true } });
  const details = value && !skipped ? ({ $case: "snapshot", value } as const) : undefined;
  const { name } = await context.artifact({ path, kind: "weights", ...(details && { details }) });
  return {
    profile: { nimg: BigInt(nimg), std },
    artifact: name,
    skipped,
    fitError: solution.fitError,
    warnings: warningsOf(solution, inputs),
  };
}

async function removeLeftovers(path: string): Promise<void> {
  const [folder, name] = [dirname(path), basename(path)];
  for (const other of await readdir(folder))
    if (other.startsWith(`.${name}.`) && other.endsWith(".tmp")) await rm(join(folder, other), { force: true });
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
