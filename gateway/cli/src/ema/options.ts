/** @file The options of `tandem ema`, with the reference's names and defaults, as the contract's request. */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ReconstructionSpec } from "@tandem/contracts";
import { imageCountOfKimg, parseEmaLengths } from "@tandem/ema";
import { DomainError } from "@tandem/errors";
import type { Command } from "commander";
import { isLocal } from "../generate/model-reference.js";
import { checked, integer, missing } from "../option-values.js";

/** Options as commander hands them over. */
export interface EmaOptions {
  indir?: string;
  inprefix?: string;
  instd?: number[];
  outdir?: string;
  outprefix: string;
  outstd?: number[];
  outkimg?: number;
  skip: boolean;
  batch: number;
}

/** Adds those that say which snapshots, and which profiles. */
export function profileOptions(command: Command): Command {
  return command
    .option("--indir <folder>", "snapshots of a run: NAME-0008388-0.050.safetensors or .pkl; or jobs/JOB of a server")
    .option("--inprefix <text>", "take only files whose names begin so (default: any)")
    .option("--instd <list>", "take only snapshots of these EMA lengths (default: all)", checked(parseEmaLengths))
    .option("--outstd <list>", "EMA lengths to make, 0 to 0.289, e.g. 0.010,0.015,...,0.250", checked(parseEmaLengths))
    .option("--outkimg <n>", "training time, thousands of images, of a snapshot (default: the newest)", integer(0));
}

/** Adds those that say where results go. */
export function outputOptions(command: Command): Command {
  return command
    .option("--outdir <folder>", "where to write PREFIX-0008388-0.150.safetensors; made when missing")
    .option("--outprefix <text>", "beginning of the outputs' names", "phema")
    .option("--skip", "leave existing outputs alone; else they are replaced", false)
    .option("--batch <n>", "outputs of one pass over the snapshots, 1 to 64", integer(1, 64), 8);
}

/** The request. @throws DomainError FIELD_INVALID naming the option that is missing, RESOURCE_NOT_FOUND for no such folder */
export async function toReconstructionSpec(options: EmaOptions): Promise<ReconstructionSpec> {
  const { indir, outstd, outkimg, outdir } = options;
  if (indir === undefined) throw missing("indir", "say where the snapshots lie");
  if (outstd === undefined)
    throw missing("outstd", "say which EMA lengths to make, e.g. 0.100 or 0.050,0.060,...,0.150");
  if (isLocalFolder(indir) && !(await isFolder(indir)))
    throw new DomainError("RESOURCE_NOT_FOUND", `--indir: there is no folder ${indir}`, { resource: indir });
  return ReconstructionSpec.fromPartial({
    source: { uri: uriOf(indir) },
    sourcePrefix: options.inprefix ?? "",
    sourceStds: options.instd ?? [],
    stds: outstd,
    nimg: BigInt(outkimg === undefined ? 0 : imageCountOfKimg(outkimg)),
    batchSize: options.batch,
    outputUri: outdir === undefined ? "" : uriOf(outdir),
    outputPrefix: options.outprefix,
    skipExisting: options.skip,
  });
}

/** Folders of this machine that a reconstructor of our own must reach. */
export const rootsOf = (...folders: (string | undefined)[]): string[] =>
  folders
    .filter((folder): folder is string => folder !== undefined && isLocalFolder(folder))
    .map((path) => resolve(path));

const isLocalFolder = (text: string): boolean => isLocal(text) && !text.startsWith("jobs/");

function uriOf(path: string): string {
  if (!isLocalFolder(path)) return path;
  const { href } = pathToFileURL(resolve(path));
  return href.endsWith("/") ? href : `${href}/`;
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (facts) => facts.isDirectory(),
    () => false,
  );

const optionOf: Readonly<Record<string, string>> = {
  source: "--indir",
  source_prefix: "--inprefix",
  source_stds: "--instd",
  stds: "--outstd",
  nimg: "--outkimg",
  batch_size: "--batch",
  output_uri: "--outdir",
  output_prefix: "--outprefix",
};

/** The same error; where its message names a field of the request, the option stands there. */
export function inEmaOptions(error: unknown): unknown {
  if (!(error instanceof DomainError)) return error;
  const message = error.message
    .replace(/spec\.(\w+)(?:\.uri)?/g, (field, name: string) => optionOf[name] ?? field)
    .replace(/\bsource_prefix\b/g, "--inprefix");
  return message === error.message ? error : new DomainError(error.reason, message, { ...error.details, cause: error });
}
