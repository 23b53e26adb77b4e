/**
 * @file Post-hoc EMA (arXiv 2312.02696, Algorithm 3) over files: weighted sums of snapshots, several at once.
 *
 * A pass takes the tensors in pieces: of each piece every input is read once, its share goes into every sum, and the sums
 * are written when all inputs were there. So memory holds pieces only, whatever the size of the network or the number of inputs.
 */
import { closeSync, openSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { DomainError, invalid } from "@tandem/errors";
import { elementCount, fileError, layoutSafetensors, replaceFile, type TensorEntry } from "@tandem/formats";
import { type Solution, solveCoefficients } from "../coefficients.js";
import type { EmaProfile } from "../ema-profile.js";
import { runPass } from "./run-pass.js";
import { bytesOf, checkSameRun, type IsBuffer, isCopied } from "./same-run.js";
import type { StoredSnapshot } from "./stored-snapshot.js";
import { type Pass, PIECE } from "./work.js";

/** A network to make. */
export interface ReconstructionTarget {
  /** safetensors file; an existing one is replaced when the new one is complete. */
  readonly path: string;
  readonly profile: EmaProfile;
  /** Texts of the file's header. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** How it is done. */
export interface ReconstructionOptions {
  /** Float tensors that are copied from the last snapshot instead of averaged; none by default. Integers always are. */
  readonly isBuffer?: IsBuffer;
  /** Outputs of one pass over the inputs; 8 by default. */
  readonly batch?: number;
  /** Type of the averaged tensors; F16 by default. */
  readonly dtype?: "F16" | "F32";
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Bytes of the inputs read, of all that will be. */
  readonly onProgress?: (done: number, total: number) => void;
  /** A target's file is complete and durable. */
  readonly onOutput?: (target: ReconstructionTarget, solution: Solution) => void | Promise<void>;
}

/**
 * Makes networks with other EMA profiles. Each output appears whole or not at all.
 * @returns how each target was made, in order
 * @throws DomainError FIELD_INVALID, RESOURCE_NOT_FOUND (no snapshots, none early enough), SHAPE_MISMATCH, MODEL_INCOMPATIBLE (mixed
 *   runs), NOT_FINITE (naming snapshot and tensor), UNSAFE_FILE, OUT_OF_MEMORY (disk full)
 */
export async function reconstruct(
  snapshots: readonly StoredSnapshot[],
  targets: readonly ReconstructionTarget[],
  options: ReconstructionOptions = {},
): Promise<Solution[]> {
  const { isBuffer = () => false, batch = 8, threads = availableParallelism(), signal, onProgress } = options;
  if (snapshots.length === 0) throw new DomainError("RESOURCE_NOT_FOUND", "there are no snapshots");
  if (!(Number.isInteger(batch) && batch >= 1 && batch <= 64)) throw invalid("batch", batch, "1 to 64");
  const ordered = [...snapshots].sort((a, b) => a.profile.nimg - b.profile.nimg || b.profile.std - a.profile.std);
  const solutions = solveCoefficients(
    ordered.map(({ profile }) => profile),
    targets.map(({ profile }) => profile),
  );
  await checkSameRun(ordered, isBuffer);
  const batches = batched(
    targets.map((target, i) => ({ target, solution: solutions[i]! })),
    batch,
  );
  const summed = sizeOf(ordered.at(-1)!, isCopied(isBuffer));
  const total = batches.reduce((sum, members) => sum + usedBy(members, ordered).length * summed, 0);
  let done = 0;
  for (const members of batches) {
    signal?.throwIfAborted();
    await runBatch(members, ordered, { ...options, isBuffer, threads }, (bytes) => {
      done += bytes;
      onProgress?.(done, total);
    });
    for (const { target, solution } of members) await options.onOutput?.(target, solution);
  }
  return solutions;
}

interface Member {
  readonly target: ReconstructionTarget;
  readonly solution: Solution;
}

/** Groups of equal times first: they share their inputs. */
function batched(members: readonly Member[], size: number): Member[][] {
  const sorted = [...members].sort((a, b) => a.target.profile.nimg - b.target.profile.nimg);
  return Array.from({ length: Math.ceil(sorted.length / size) }, (_, i) => sorted.slice(i * size, (i + 1) * size));
}

/** Inputs that have a share in one of the outputs. */
const usedBy = (members: readonly Member[], ordered: readonly StoredSnapshot[]): number[] =>
  ordered.flatMap((_, i) => (members.some(({ solution }) => solution.coefficients[i] !== 0) ? [i] : []));

const sizeOf = ({ tensors }: StoredSnapshot, copied: IsBuffer): number =>
  [...tensors].reduce((sum, [name, entry]) => sum + (copied(name, entry) ? 0 : entry.end - entry.begin), 0);

async function runBatch(
  members: readonly Member[],
  ordered: readonly StoredSnapshot[],
  options: ReconstructionOptions & { readonly isBuffer: IsBuffer; readonly threads: number },
  onRead: (bytes: number) => void,
): Promise<void> {
  const { dtype = "F16", isBuffer, threads, signal } = options;
  const copied = isCopied(isBuffer);
  const used = usedBy(members, ordered);
  const inputs = used.map((i) => ordered[i]!);
  const last = ordered.filter(({ profile }) => profile.nimg <= members.at(-1)!.target.profile.nimg).at(-1)!;
  const shapes = new Map(
    [...last.tensors].map(([name, entry]) => [name, copied(name, entry) ? entry : { ...entry, dtype }]),
  );
  const layouts = members.map(({ target }) => layoutSafetensors(shapes, target.metadata));
  const summed = [...last.tensors].filter(([name, entry]) => !copied(name, entry));
  const tensors = summed.map(([name, { shape }]) => ({
    name,
    count: elementCount(shape),
    inputs: inputs.map(({ tensors }) => place(tensors.get(name)!)),
    outputs: layouts.map(({ places }) => places.get(name)!),
  }));
  await withFiles(
    members.map(({ target }) => target.path),
    async (files) => {
      for (const [i, file] of files.entries()) {
        await file.write(layouts[i]!.header, 0, layouts[i]!.header.byteLength, 0);
        for (const [name, entry] of last.tensors)
          if (copied(name, entry)) {
            const bytes = await bytesOf(last, name);
            await file.write(bytes, 0, bytes.byteLength, layouts[i]!.places.get(name)!);
          }
      }
      const opened = openAll(inputs);
      try {
        const pass: Pass = {
          inputs: opened.map((fd, i) => ({ fd, name: inputs[i]!.name })),
          outputs: files.map(({ fd }, i) => ({
            fd,
            coefficients: used.map((k) => members[i]!.solution.coefficients[k]!),
          })),
          outputType: dtype,
          tensors,
          pieces: tensors.flatMap(({ count }, tensor) => piecesOf(tensor, count)),
          shared: new Int32Array(new SharedArrayBuffer(8)),
        };
        await runPass(pass, threads, onRead, signal);
      } finally {
        for (const fd of opened) closeSync(fd);
      }
    },
  );
}

const place = ({ dtype, begin }: TensorEntry) => ({ dtype, begin });

function piecesOf(tensor: number, count: number): [number, number, number][] {
  return Array.from({ length: Math.ceil(count / PIECE) }, (_, i) => [
    tensor,
    i * PIECE,
    Math.min(PIECE, count - i * PIECE),
  ]);
}

/** All files at once, each replaced only when everything in all of them is written. */
async function withFiles(
  paths: readonly string[],
  write: (files: readonly FileHandle[]) => Promise<void>,
  files: readonly FileHandle[] = [],
): Promise<void> {
  const [path, ...others] = paths;
  if (path === undefined) return write(files);
  await replaceFile(path, (file) => withFiles(others, write, [...files, file]));
}

function openAll(inputs: readonly StoredSnapshot[]): number[] {
  const opened: number[] = [];
  try {
    for (const { path } of inputs) opened.push(openSync(path, "r"));
    return opened;
  } catch (error) {
    for (const fd of opened) closeSync(fd);
    throw fileError(inputs[opened.length]!.name, error);
  }
}
