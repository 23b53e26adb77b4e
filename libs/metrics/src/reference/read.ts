/** @file Files of reference statistics: ours, NumPy's .npz, and the reference implementation's pickle, told apart by content. */
import { isMap, isTensor, parseTensorFile, readPickle, readWholeFile, sniff, type TensorData } from "@tandem/formats";
import { areFinite } from "../gaussian.js";
import { float64Of } from "./float64.js";
import { type ReferenceGaussian, type ReferenceStatistics, unsafeReference } from "./reference-statistics.js";

/** Covariances may differ from their mirror by this much of the largest: files hold what float32 made of them. */
const ASYMMETRY = 1e-5;

/** Arrays as a file gives them, by detector. */
interface Content {
  readonly numImages: number;
  readonly detectors: Map<string, { mu?: TensorData; sigma?: TensorData; detectorDigest?: string }>;
}

/**
 * Reads reference statistics: our .safetensors, .npz (mu and sigma: "fid" alone), or a pickle
 * {num_images, fid: {mu, sigma}, fd_dinov2: {mu, sigma}}, of which nothing is executed.
 * @param source path, or the bytes themselves
 * @param name   stands in errors; by default the path
 * @throws DomainError RESOURCE_NOT_FOUND, UNSAFE_FILE (damaged, or no such statistics), DATA_TYPE_UNSUPPORTED
 */
export async function readReference(
  source: string | Uint8Array,
  name = typeof source === "string" ? source : "reference statistics",
): Promise<ReferenceStatistics> {
  const bytes = typeof source === "string" ? await readWholeFile(source) : source;
  const content = sniff(bytes) === "pickle" ? await fromPickle(bytes, name) : await fromTensors(bytes, name);
  if (content.detectors.size === 0) throw unsafeReference(name, "holds no statistics: mu and sigma are wanted");
  const detectors = new Map<string, ReferenceGaussian>();
  for (const [key, { mu, sigma, detectorDigest }] of content.detectors) {
    if (!mu || !sigma) throw unsafeReference(name, `${key} lacks ${mu ? "sigma" : "mu"}`);
    const gaussian = { numImages: content.numImages, ...checked(name, key, mu, sigma) };
    detectors.set(key, detectorDigest === undefined ? gaussian : { ...gaussian, detectorDigest });
  }
  return { numImages: content.numImages, detectors };
}

async function fromPickle(bytes: Uint8Array, name: string): Promise<Content> {
  const value = await readPickle(bytes, name);
  if (!isMap(value)) throw unsafeReference(name, "a pickle of something else than a dict");
  const detectors: Content["detectors"] = new Map();
  for (const [key, entry] of value) {
    if (typeof key !== "string" || !isMap(entry)) continue;
    const [mu, sigma] = [entry.get("mu"), entry.get("sigma")];
    detectors.set(key, { ...(isTensor(mu) && { mu }), ...(isTensor(sigma) && { sigma }) });
  }
  return { numImages: imagesOf(name, value.get("num_images")), detectors };
}

async function fromTensors(bytes: Uint8Array, name: string): Promise<Content> {
  const { format, tensors, metadata } = await parseTensorFile(bytes, name);
  if (format === "npz") {
    const [mu, sigma, count] = [tensors.get("mu"), tensors.get("sigma"), tensors.get("num_images")];
    const detectors: Content["detectors"] = new Map(
      mu || sigma ? [["fid", { ...(mu && { mu }), ...(sigma && { sigma }) }]] : [],
    );
    return { numImages: count ? imagesOf(name, float64Of(name, "num_images", count)[0]) : 0, detectors };
  }
  if (format !== "safetensors")
    throw unsafeReference(name, `a ${format} file; .safetensors, .npz and pickles hold statistics`);
  const detectors: Content["detectors"] = new Map();
  for (const [key, tensor] of tensors) {
    const [, detector, part] = /^(.+)\.(mu|sigma)$/.exec(key) ?? [];
    if (detector === undefined || (part !== "mu" && part !== "sigma"))
      throw unsafeReference(name, `${JSON.stringify(key.slice(0, 80))} is no part of statistics`);
    const digest = metadata[`${detector}.digest`];
    const entry = detectors.get(detector) ?? (digest === undefined ? {} : { detectorDigest: digest });
    detectors.set(detector, { ...entry, [part]: tensor });
  }
  const count = metadata.num_images;
  return { numImages: imagesOf(name, count === undefined ? undefined : Number(count)), detectors };
}

function imagesOf(name: string, value: unknown): number {
  if (value === undefined) return 0;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw unsafeReference(name, `num_images is ${String(value).slice(0, 40)}`);
}

function checked(name: string, key: string, mean: TensorData, covariance: TensorData) {
  const mu = float64Of(name, `${key}.mu`, mean);
  const sigma = float64Of(name, `${key}.sigma`, covariance);
  const dim = mu.length;
  const isFit =
    mean.shape.length === 1 && dim > 0 && covariance.shape.length === 2 && covariance.shape.every((n) => n === dim);
  if (!isFit)
    throw unsafeReference(
      name,
      `${key}: mu [${mean.shape}] and sigma [${covariance.shape}] are no mean [d] and covariance [d,d]`,
    );
  if (!areFinite(mu) || !areFinite(sigma)) throw unsafeReference(name, `${key} holds NaN or infinity`);
  let largest = 0;
  let asymmetry = 0;
  for (let i = 0; i < dim; i++) {
    if (sigma[i * (dim + 1)]! < 0) throw unsafeReference(name, `${key}.sigma has a negative variance, of feature ${i}`);
    for (let j = 0; j < i; j++) {
      largest = Math.max(largest, Math.abs(sigma[i * dim + j]!));
      asymmetry = Math.max(asymmetry, Math.abs(sigma[i * dim + j]! - sigma[j * dim + i]!));
    }
  }
  if (asymmetry > ASYMMETRY * largest)
    throw unsafeReference(name, `${key}.sigma is not symmetric, so it is no covariance`);
  return { mu, sigma };
}
