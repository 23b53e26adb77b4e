/** @file Writing reference statistics; equal statistics give equal bytes. */
import { extname } from "node:path";
import { DomainError } from "@tandem/errors";
import { replaceFile, type TensorData, writeNpz, writeSafetensors } from "@tandem/formats";
import { checkGaussian } from "../gaussian.js";
import { picklePieces } from "./pickle.js";
import type { ReferenceStatistics } from "./reference-statistics.js";

/**
 * Writes statistics, atomically, in the format that the path's ending names: .safetensors (all of it), .pkl (what the reference
 * implementation reads: no digests) or .npz ("fid" alone).
 * @throws DomainError FIELD_INVALID (another ending, or statistics that a format cannot hold), SHAPE_MISMATCH, NOT_FINITE,
 * OUT_OF_MEMORY (disk full), URI_NOT_ALLOWED, RESOURCE_NOT_FOUND (no such folder)
 */
export async function writeReference(path: string, statistics: ReferenceStatistics): Promise<void> {
  if (statistics.detectors.size === 0) throw refused(path, "there are no statistics to write");
  for (const [key, gaussian] of statistics.detectors) {
    checkGaussian(gaussian, key);
    if (gaussian.numImages !== statistics.numImages)
      throw refused(
        path,
        `${key} is of ${gaussian.numImages} images, the others of ${statistics.numImages}: one file has one number`,
      );
  }
  const write = writers[extname(path)];
  if (!write) throw refused(path, `statistics are written as ${Object.keys(writers).join(", ")}`);
  await write(path, statistics);
}

const writers: Readonly<Record<string, (path: string, statistics: ReferenceStatistics) => Promise<void>>> = {
  ".safetensors": writeOurs,
  ".npz": writeArrays,
  ".pkl": writePickle,
};

async function writeOurs(path: string, { numImages, detectors }: ReferenceStatistics): Promise<void> {
  const tensors = new Map<string, TensorData>();
  const metadata: Record<string, string> = { num_images: String(numImages) };
  for (const [key, { mu, sigma, detectorDigest }] of detectors) {
    tensors.set(`${key}.mu`, tensorOf([mu.length], mu));
    tensors.set(`${key}.sigma`, tensorOf([mu.length, mu.length], sigma));
    if (detectorDigest !== undefined) metadata[`${key}.digest`] = detectorDigest;
  }
  await writeSafetensors(path, tensors, metadata);
}

async function writeArrays(path: string, { numImages, detectors }: ReferenceStatistics): Promise<void> {
  const fid = detectors.get("fid");
  if (!fid || detectors.size !== 1)
    throw refused(path, `.npz holds "fid" alone, not ${[...detectors.keys()].join(", ")}; write .safetensors or .pkl`);
  const tensors = new Map([
    ["mu", tensorOf([fid.mu.length], fid.mu)],
    ["sigma", tensorOf([fid.mu.length, fid.mu.length], fid.sigma)],
  ]);
  // Readers of mu and sigma do not mind a third array.
  const count = new BigInt64Array([BigInt(numImages)]);
  tensors.set("num_images", { dtype: "I64", shape: [], data: new Uint8Array(count.buffer) });
  await writeNpz(path, tensors);
}

async function writePickle(path: string, statistics: ReferenceStatistics): Promise<void> {
  await replaceFile(path, async (file) => {
    for (const piece of picklePieces(statistics)) await file.writeFile(piece);
  });
}

const tensorOf = (shape: number[], { buffer, byteOffset, byteLength }: Float64Array): TensorData => ({
  dtype: "F64",
  shape,
  data: new Uint8Array(buffer, byteOffset, byteLength),
});

const refused = (path: string, why: string) => new DomainError("FIELD_INVALID", `${path}: ${why}`, { resource: path });
